import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isBatchKey, seqOfKey } from '../keys.ts'
import { inspectStore } from '../level-files/inspect.ts'
import { type LevelDb, type LevelTools, type Op, writeBuffers } from '../leveldb.ts'
import { BatchLog } from './batch-log.ts'
import type { BatchReader } from './chained-iterator.ts'
import { type BatchSpan, nameOf, removeSegment, type SegmentName, syncDirectory, syncLogs } from './segment-files.ts'

/** Where segments lie, and how their stores are opened. */
export interface Row {
  readonly path: string
  readonly level: LevelTools
}

export interface OpenSegment {
  readonly db: LevelDb
  readonly span: BatchSpan | undefined
  /** Bytes on disk. */
  readonly bytes: number
}

let reads = 0

/**
 * A LevelDB store that holds a row of batches and, as of its last write, all records that a queue has besides them. It is
 * written until it has its size, then only read; when every sink has passed its batches it is removed as a whole. So
 * batches that are delivered in time are written once, to LevelDB's log, and never to a table.
 */
export class Segment {
  readonly ordinal: number
  readonly #row: Row
  #span: BatchSpan | undefined
  #bytes: number
  #db: LevelDb | undefined
  /** Where it is read without LevelDB. */
  #log: BatchLog | undefined
  /** Its directory has the name of a closed one. */
  #resting: boolean
  /** Opening and closing, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #users = 0
  #readAt = 0
  #closed = false
  #unsynced = false
  /** Removed when the last user is done. */
  #unneeded: PromiseWithResolvers<void> | undefined

  private constructor(row: Row, ordinal: number, { span, bytes, db }: Partial<OpenSegment>) {
    this.#row = row
    this.ordinal = ordinal
    this.#span = span
    this.#bytes = bytes ?? 0
    this.#db = db
    this.#resting = db === undefined
  }

  /** A new one, whose name survives a loss of power. */
  static async create(row: Row, ordinal: number): Promise<Segment> {
    const db = await row.level.open(join(row.path, nameOf({ ordinal })), writeBuffers.segment, { createIfMissing: true })
    await syncDirectory(row.path)
    return new Segment(row, ordinal, { db })
  }

  static opened(row: Row, ordinal: number, open: OpenSegment): Segment {
    return new Segment(row, ordinal, open)
  }

  static closed(row: Row, ordinal: number, span: BatchSpan): Segment {
    return new Segment(row, ordinal, { span })
  }

  /** Its batches; undefined while it has none. */
  get span(): BatchSpan | undefined {
    return this.#span
  }

  get bytes(): number {
    return this.#bytes
  }

  get isOpen(): boolean {
    return this.#db !== undefined || this.#log !== undefined
  }

  /** Larger for whoever was read later; 0: never. */
  get readAt(): number {
    return this.#readAt
  }

  get inUse(): boolean {
    return this.#users > 0
  }

  async write(ops: Op[], sync: boolean): Promise<void> {
    if (this.#db === undefined) throw new TypeError('a closed segment is written to')
    if (!sync) this.#unsynced = true
    await this.#db.batch(ops, { sync })
    if (sync) this.#unsynced = false
    for (const op of ops) {
      this.#bytes += op.key.length + (op.type === 'put' ? op.value.length : 0)
      if (!isBatchKey(op.key)) continue
      const seq = seqOfKey(op.key)
      const { first, last } = this.#span ?? { first: seq, last: seq }
      this.#span = { first: Math.min(first, seq), last: Math.max(last, seq) }
    }
  }

  /**
   * Opens it where it is closed; to be answered by `release`. Undefined when it is being removed: nobody needs its batches. Rejects
   * with errors of LevelDB, and what inspection finds as one of them.
   */
  async acquire(): Promise<BatchReader | undefined> {
    if (this.#unneeded !== undefined) return undefined
    this.#users++
    this.#readAt = ++reads
    try {
      return await this.#inTurn(() => this.#opened())
    } catch (error) {
      this.#users--
      throw error
    }
  }

  release(): void {
    this.#users--
    if (this.#users === 0 && this.#unneeded !== undefined) this.#unneeded.resolve()
  }

  async #opened(): Promise<BatchReader> {
    const open = this.#db ?? this.#log
    if (open !== undefined) return open
    if (this.#closed) throw levelError('LEVEL_DATABASE_NOT_OPEN', 'the queue was closed')
    this.#log = await this.#readLog()
    if (this.#log !== undefined) return this.#log
    await this.#rename(false) // so that a start after a failure looks at it
    const { reasons } = await inspectStore(this.#directory)
    if (reasons.length > 0) throw levelError('LEVEL_CORRUPTION', `segment ${this.ordinal}: ${reasons.join(', ')}`) // then it is repaired
    this.#db = await this.#row.level.open(this.#directory, writeBuffers.segment, { createIfMissing: false })
    return this.#db
  }

  /** Only what holds the batches that its name says. */
  async #readLog(): Promise<BatchLog | undefined> {
    const log = await BatchLog.read(this.#directory).catch(() => undefined) // LevelDB will say what the matter is
    if (log === undefined) return undefined
    const { first, last } = log
    if (first !== undefined && last !== undefined && seqOfKey(first) === this.#span?.first && seqOfKey(last) === this.#span.last) return log
    log.close()
    return undefined
  }

  #closeLog(): void {
    if (this.#users === 0) this.#log?.close() // else somebody may still look at its memory
    this.#log = undefined
  }

  /** Closes it until it is wanted again, unless it is in use. */
  rest(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#users > 0 || this.#span === undefined) return
      this.#closeLog()
      if (this.#db === undefined) return
      await this.#closeDb()
      await this.#rename(true)
    })
  }

  /** For good: whoever still reads in it gets an error of LevelDB's, and is not waited for. */
  close(): Promise<void> {
    this.#closed = true
    this.#unneeded?.resolve()
    return this.#inTurn(() => this.#closeDb())
  }

  /** Fsyncs what was written without. */
  sync(): Promise<void> {
    return this.#inTurn(() => this.#sync())
  }

  /** Removes it from the disk as soon as nobody reads in it. */
  async remove(): Promise<void> {
    this.#unneeded = Promise.withResolvers()
    if (this.#users > 0) await this.#unneeded.promise
    await this.#inTurn(async () => {
      await this.#closeDb()
      await removeSegment(this.#row.path, this.#name)
    })
  }

  get #name(): SegmentName {
    const { ordinal } = this
    return this.#resting && this.#span !== undefined ? { ordinal, span: this.#span } : { ordinal }
  }

  get #directory(): string {
    return join(this.#row.path, nameOf(this.#name))
  }

  async #rename(resting: boolean): Promise<void> {
    if (this.#resting === resting) return
    const { ordinal } = this
    const [open, closed] = [nameOf({ ordinal }), nameOf(this.#span === undefined ? { ordinal } : { ordinal, span: this.#span })]
    const [from, to] = resting ? [open, closed] : [closed, open]
    if (from !== to) await rename(join(this.#row.path, from), join(this.#row.path, to))
    this.#resting = resting
  }

  async #closeDb(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    this.#closeLog()
    await db?.close()
  }

  async #sync(): Promise<void> {
    if (!this.#unsynced) return
    this.#unsynced = false
    try {
      await syncLogs(this.#directory)
    } catch (error) {
      this.#unsynced = true
      throw error
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined) // whoever asked for the work has the error
    return result
  }
}

function levelError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
