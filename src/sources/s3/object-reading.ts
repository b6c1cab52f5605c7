import { setImmediate as turn } from 'node:timers/promises'
import { BatchWriter } from '../../batch/batch-writer.ts'
import type { S3SourceConfig } from '../../config/schema.ts'
import type { Batch, Origin } from '../../core/batch.ts'
import { RelayError } from '../../core/errors.ts'
import type { Intake, Receipt } from '../../core/intake.ts'
import { newFramingCounts } from '../../framing/counts.ts'
import { createRecordSplitter } from '../../framing/objects/create-record-splitter.ts'
import type { RecordSplitter, ResumePoint, SplitterCounts } from '../../framing/objects/record-splitter.ts'
import { encodeProgress } from '../../protocols/s3/object-progress.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { batchBytes } from '../collector.ts'
import type { ObjectJob } from './object-job.ts'
import type { Valve } from './valve.ts'

/** Chunks of one object that are on their way to the disk; more would only take memory. */
const maxUnstored = 2

/** What a reading tells of its progress, which others may go on from. */
export interface ProgressKeeper {
  /** This is fsynced. Resolves to false when somebody else reads the object now. */
  keep(resume: ResumePoint): Promise<boolean>
  /** Before a chunk is handed over: false when it may not be ours any more. */
  mayGoOn(): Promise<boolean>
}

export interface ReadingParts {
  readonly job: ObjectJob
  readonly bytes: AsyncIterable<Buffer>
  /** Name of the checkpoint that holds the progress. */
  readonly slot: string
  readonly config: S3SourceConfig
  readonly intake: Intake
  readonly valve: Valve
  readonly keeper?: ProgressKeeper | undefined
  /** The source leaves: what is read is handed over if there is room, else let go of, since the progress stands before it. */
  readonly quit: AbortSignal
  /** Nothing is waited for any more. */
  readonly hard: AbortSignal
  /** What of the framing's counts belongs to messages that were handed over. */
  readonly counted: (counts: SplitterCounts) => void
  /** It waits for room in the queue, or does not any more. */
  readonly waiting: (waits: boolean) => void
}

/** `lost`: another relay reads it now. */
export type ReadingEnd = 'done' | 'stopped' | 'lost'

/** For a checkpoint alone. */
export const nothing: Batch = {
  bytes: Buffer.alloc(0),
  starts: new Uint32Array(0),
  ends: new Uint32Array(0),
  flags: new Uint8Array(0),
  origins: [],
  runStarts: new Uint32Array(0),
  runOrigins: new Uint32Array(0),
  runTimes: new Float64Array(0),
}

/**
 * Turns an object into batches of about half a mebibyte, each of which is one write with the progress behind its last message. So a
 * crash repeats and loses nothing. The next chunk is read while one is written; with a keeper it is not handed over before the
 * keeper has the progress of the last, so that whoever takes the object over repeats one chunk at most.
 */
export class ObjectReading {
  readonly #parts: ReadingParts
  readonly #object: { readonly bucket: string; readonly key: string; header?: string }
  readonly #origin: Origin
  readonly #writer = new BatchWriter()
  readonly #counts = newSplitterCounts()
  readonly #splitter: RecordSplitter
  /** Of chunks that were handed over, until they are fsynced and kept. */
  #unstored: Promise<boolean>[] = []

  constructor(parts: ReadingParts) {
    this.#parts = parts
    const { job, config } = parts
    const { bucket, key } = job.object
    this.#object = { bucket, key }
    this.#origin = { peer: `s3://${bucket}/${key}`, port: 0, transport: 's3', object: this.#object }
    const limits = { maxMessageBytes: config.max_message_size, whenTooLong: config.when_too_long }
    this.#splitter = createRecordSplitter(config.format, limits, this.#counts, job.resume)
  }

  /** Rejects as its bytes do, and with OBJECT_UNREADABLE where they are of another format. What came before is stored then. */
  async run(): Promise<ReadingEnd> {
    let end: ReadingEnd
    try {
      end = await this.#read()
    } catch (error) {
      if (this.#parts.quit.aborted) end = await this.#leave()
      else {
        const kept = (await this.#handOver(false)) && (await this.#stored())
        if (kept !== true) return this.#cut(kept)
        throw error
      }
    }
    this.#letGo()
    return end
  }

  async #read(): Promise<ReadingEnd> {
    const { bytes, valve, quit } = this.#parts
    this.#stamp()
    for await (const piece of bytes) {
      this.#splitter.push(piece, this.#writer)
      this.#failIfForeign()
      if (this.#writer.size >= batchBytes) {
        const taken = await this.#handOver(false)
        if (taken !== true) return this.#cut(taken)
      }
      await valve.passage(quit)
      if (quit.aborted) return await this.#leave()
    }
    if (quit.aborted) return await this.#leave()
    this.#splitter.end(this.#writer)
    this.#failIfForeign()
    const ended = (await this.#handOver(true)) && (await this.#stored())
    return ended === true ? 'done' : this.#cut(ended)
  }

  async #leave(): Promise<ReadingEnd> {
    const ended = (await this.#handOver(false)) && (await this.#stored())
    return ended === false ? 'lost' : 'stopped'
  }

  #cut(kept: boolean | undefined): ReadingEnd {
    this.#letGo()
    return kept === false ? 'lost' : 'stopped'
  }

  #failIfForeign(): void {
    const { failure } = this.#splitter
    if (failure !== undefined) throw new RelayError('OBJECT_UNREADABLE', failure)
  }

  /** True: it is the queue's. False: the object is somebody else's. Undefined: the source leaves. */
  async #handOver(done: boolean): Promise<boolean | undefined> {
    const { job, slot, keeper, intake } = this.#parts
    const room = keeper === undefined ? maxUnstored - 1 : 0
    const messages = this.#writer.messages > 0
    if (!messages && !done) return true
    // A checkpoint alone might be written before batches that wait for their compression: those must be stored.
    const kept = await this.#stored(messages ? room : 0)
    if (kept !== true) return kept
    if (keeper !== undefined && !(await keeper.mayGoOn())) return this.#parts.hard.aborted ? undefined : false
    const resume = this.#splitter.resume
    const value = encodeProgress({ ...job.progress(done), resume })
    // Known with the first message; nobody has seen the origin before.
    if (this.#splitter.header !== undefined) this.#object.header = this.#splitter.header
    const batch = this.#writer.take() ?? nothing
    const receipt = await this.#append(batch, () => intake.append(batch, { checkpoint: { key: slot, value } }))
    if (receipt === undefined) return undefined
    job.resume = resume
    job.done = done
    this.#parts.counted(this.#counts)
    Object.assign(this.#counts, newSplitterCounts())
    this.#unstored.push(this.#settled(receipt, resume))
    this.#stamp()
    return true
  }

  async #append(batch: Batch, append: () => Receipt | 'full'): Promise<Receipt | undefined> {
    const { intake, quit, waiting } = this.#parts
    try {
      for (;;) {
        const receipt = append()
        if (receipt !== 'full') return receipt
        waiting(true)
        if (quit.aborted) break
        await intake.room(quit)
        // A turn of the event loop between two tries, so that a queue which has room only in principle cannot starve others.
        await turn()
      }
      batch.memory?.release()
      return undefined
    } finally {
      waiting(false)
    }
  }

  /** True when it is fsynced and the keeper has it. */
  async #settled(receipt: Receipt, resume: ResumePoint): Promise<boolean> {
    const { hard, keeper } = this.#parts
    await untilAbort(receipt.durable(), hard)
    if (hard.aborted) return false
    return (await keeper?.keep(resume)) ?? true
  }

  /** Waits until all but so many chunks are fsynced and kept. */
  async #stored(left = 0): Promise<boolean | undefined> {
    while (this.#unstored.length > left) {
      const kept = await this.#unstored.shift()
      if (this.#parts.hard.aborted) return undefined
      if (kept !== true) return false
    }
    return true
  }

  /** What follows is received now: once for a chunk, so that it has one run. */
  #stamp(): void {
    this.#writer.from(this.#origin, Date.now())
  }

  #letGo(): void {
    this.#writer.take()?.memory?.release()
  }
}

export function newSplitterCounts(): SplitterCounts {
  return { ...newFramingCounts(), headers: 0 }
}
