import { batchesEnd, batchKey, isBatchKey, isLetterKey, seqOfKey } from '../keys.ts'
import type { EntryIterator, IteratorOptions, LevelDb, Op, Range, Store } from '../leveldb.ts'
import { SettledRanges } from '../settled-ranges.ts'
import { ChainedIterator, type ReadSource } from './chained-iterator.ts'
import { type Row, Segment } from './segment.ts'
import type { BatchSpan } from './segment-files.ts'
import type { StateRecords } from './state-records.ts'

/** Segments that are kept open for sinks that are far behind, each at a place of its own. */
const maxRead = 4

/** How large segments grow under a queue's limit: small ones cost files, large ones memory, and room behind what is passed. */
export function segmentBytes(maxBytes: number): number {
  return Math.min(8 * 2 ** 20, Math.max(256 * 1024, Math.floor(maxBytes / 32)))
}

export interface SegmentedParts {
  /** The store beside the segments: dead letters, and the lock that tells other processes. */
  readonly base: LevelDb
  /** Batches that a version without segments left in it. */
  readonly baseSpan: BatchSpan | undefined
  readonly row: Row
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** The one to go on with. */
  readonly active: Segment | undefined
  readonly state: StateRecords
  /** So large a segment grows. */
  readonly segmentBytes: number
}

/**
 * One store made of a row of segments: batches, and the records that go with them, are written to the newest; a segment
 * whose batches were all deleted is removed as a whole. Each new one begins with all records, so the newest says where the
 * queue stands. Dead letters, which may stay for years, lie in a store of their own.
 *
 * One write at a time.
 */
export class SegmentedStore implements Store {
  readonly #base: LevelDb
  #baseSpan: BatchSpan | undefined
  readonly #row: Row
  readonly #segmentBytes: number
  readonly #state: StateRecords
  #segments: Segment[]
  #active: Segment | undefined
  /** Those that are open, and some that were: a backlog has many that are not. */
  readonly #open = new Set<Segment>()
  /** Made ahead, for creating one takes several fsyncs. */
  #spare: Promise<Segment> | undefined
  #ordinal: number
  readonly #cleared = new SettledRanges()
  /** No longer in the row, and not yet gone. */
  readonly #leaving = new Set<Segment>()
  readonly #background = new Set<Promise<void>>()

  constructor({ base, baseSpan, row, segments, active, state, segmentBytes }: SegmentedParts) {
    this.#base = base
    this.#baseSpan = baseSpan
    this.#row = row
    this.#segmentBytes = segmentBytes
    this.#state = state
    this.#segments = [...segments]
    this.#active = active
    for (const segment of segments) if (segment.isOpen) this.#open.add(segment)
    this.#ordinal = (segments.at(-1)?.ordinal ?? 0) + 1
  }

  async get(key: Buffer, options: { fillCache: boolean }): Promise<Buffer | undefined> {
    return isLetterKey(key) ? this.#base.get(key, options) : this.#state.get(key)
  }

  /** Dead letters are on disk before the rest, for a cursor must not pass a message whose letter could be lost. */
  async batch(ops: Op[], { sync }: { sync: boolean }): Promise<void> {
    const letters = ops.filter(({ key }) => isLetterKey(key))
    if (letters.length > 0) await this.#base.batch(letters, { sync: true })
    const rest = letters.length === 0 ? ops : ops.filter(({ key }) => !isLetterKey(key))
    if (rest.length === 0) return
    const segment = this.#active
    if (segment !== undefined && segment.bytes < this.#segmentBytes) await segment.write(rest, sync)
    else await (await this.#rotate()).write([...this.#state.ops(), ...rest], true) // the records of the one before may go with it
    this.#state.note(rest)
    this.#tidy()
  }

  /** The next segment, which begins with what the one before ended with. */
  async #rotate(): Promise<Segment> {
    this.#spare ??= this.#create()
    const next = await this.#spare
    this.#spare = undefined
    this.#active = next
    this.#segments.push(next)
    this.#open.add(next)
    return next
  }

  #create(): Promise<Segment> {
    const created = Segment.create(this.#row, this.#ordinal++)
    created.catch(() => undefined) // the write that needs it has the error
    return created
  }

  #tidy(): void {
    if (this.#spare === undefined && (this.#active?.bytes ?? 0) > this.#segmentBytes / 2) this.#spare = this.#create()
    const before = this.#segments.at(-2) // sinks are close behind
    for (const segment of this.#open) if (!segment.isOpen) this.#open.delete(segment)
    const open = [...this.#open].filter((segment) => segment !== this.#active && segment !== before && !segment.inUse)
    const read = open.filter(({ readAt }) => readAt > 0).sort((a, b) => b.readAt - a.readAt)
    for (const segment of open) if (!read.slice(0, maxRead).includes(segment)) this.#inBackground(segment.rest())
  }

  /** Batches alone are cleared: their keys are. A segment goes when all of its batches are. */
  async clear({ gte, lt }: Range): Promise<void> {
    this.#cleared.add(seqOfKey(gte), seqOfKey(lt) - 1, 'delivered')
    if (this.#baseSpan !== undefined && this.#isCleared(this.#baseSpan)) {
      await this.#base.clear({ gte: batchKey(0), lt: batchesEnd })
      await this.#base.compactRange(batchKey(0), batchesEnd)
      this.#baseSpan = undefined
    }
    const unneeded = this.#segments.filter((segment) => segment !== this.#active && this.#isCleared(segment.span))
    if (unneeded.length === 0) return
    this.#segments = this.#segments.filter((segment) => !unneeded.includes(segment))
    await this.#active?.sync() // after a loss of power no cursor must stand before batches that are gone
    for (const segment of unneeded) {
      this.#leaving.add(segment)
      this.#inBackground(segment.remove().finally(() => this.#leaving.delete(segment)))
    }
  }

  #isCleared(span: BatchSpan | undefined): boolean {
    return span === undefined || this.#cleared.gaps(span.first, span.last).length === 0
  }

  /** Errors are dropped: what could not be closed or removed is found by the next start. */
  #inBackground(work: Promise<void>): void {
    const done = work
      .catch(() => undefined)
      .finally(() => {
        this.#background.delete(done)
      })
    this.#background.add(done)
  }

  /** Of dead letters. */
  compactRange(start: Buffer, end: Buffer): Promise<void> {
    return this.#base.compactRange(start, end)
  }

  iterator(options: IteratorOptions): EntryIterator {
    if (isLetterKey(options.gte)) return this.#base.iterator(options)
    if (!isBatchKey(options.gte)) return this.#state.iterator(options)
    const [from, end] = [seqOfKey(options.gte), isBatchKey(options.lt) ? seqOfKey(options.lt) : Number.POSITIVE_INFINITY]
    const holds = (span: BatchSpan | undefined) => span !== undefined && span.first < end && span.last >= from
    const segments = this.#segments.filter(({ span }) => holds(span))
    this.#leave(segments[0])
    const sources = segments.map((segment) => this.#source(segment))
    if (holds(this.#baseSpan)) sources.unshift({ acquire: async () => this.#base, release: () => undefined })
    return new ChainedIterator(options.reverse === true ? sources.reverse() : sources, options)
  }

  #source(segment: Segment): ReadSource {
    return {
      acquire: () => {
        this.#open.add(segment)
        return segment.acquire()
      },
      release: () => segment.release(),
    }
  }

  /** Whoever reads on has left the segment before; the newest ones stay open, for sinks are close behind. */
  #leave(segment: Segment | undefined): void {
    const before = segment && this.#segments[this.#segments.indexOf(segment) - 1]
    if (before?.isOpen === true && before !== this.#segments.at(-2)) this.#inBackground(before.rest())
  }

  async syncLogs(): Promise<void> {
    for (const segment of this.#segments) await segment.sync()
  }

  async close(): Promise<void> {
    const spare = await this.#spare?.catch(() => undefined)
    if (spare !== undefined) this.#inBackground(spare.remove())
    for (const segment of this.#leaving) this.#inBackground(segment.close())
    await Promise.all(this.#background)
    const closed = await Promise.allSettled(this.#segments.map((segment) => segment.close()))
    await this.#base.close()
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }
}
