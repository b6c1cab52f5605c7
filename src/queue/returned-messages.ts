import type { Seq, SeqRange, StoredBatch } from '../core/batch.ts'

/** Messages that were out and came back: with their bytes, or as numbers alone, to be read again. */
export interface Returned {
  readonly seqs: readonly SeqRange[]
  readonly batch?: StoredBatch
}

/** What was released and is to be handed out before anything new, lowest numbers first. */
export class ReturnedMessages {
  readonly #list: Returned[] = []

  add(returned: Returned): void {
    const first = firstOf(returned)
    const at = this.#list.findIndex((other) => firstOf(other) > first)
    this.#list.splice(at === -1 ? this.#list.length : at, 0, returned)
  }

  shift(): Returned | undefined {
    return this.#list.shift()
  }
}

function firstOf({ seqs }: Returned): Seq {
  return (seqs[0] as SeqRange)[0]
}

/** The batch without its messages: numbers only. */
export function withoutBytes(batch: StoredBatch): StoredBatch {
  const { queueId, seqs } = batch
  const none = new Uint32Array(0)
  return {
    queueId,
    seqs,
    bytes: Buffer.alloc(0),
    starts: none,
    ends: none,
    flags: new Uint8Array(0),
    origins: [],
    runStarts: none,
    runOrigins: none,
    runTimes: new Float64Array(0),
  }
}
