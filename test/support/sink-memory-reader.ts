import { selectMessages } from '../../src/batch/messages.ts'
import type { SeqRange, StoredBatch } from '../../src/core/batch.ts'
import type { Rejected } from '../../src/core/dead-letter.ts'
import type { Lease, QueueReader } from '../../src/core/queue.ts'
import { numberedMessages, seqsOf, storedBatch } from './sink-batches.ts'

/** One sink's side of a queue, in memory: leases batches as they were added, the lowest first, what came back included. */
export class MemoryReader implements QueueReader {
  readonly delivered: number[] = []
  readonly rejected: Rejected[] = []
  readonly settles: { readonly delivered: readonly SeqRange[]; readonly rejected: readonly Rejected[] }[] = []
  /** Leases that are out. */
  out = 0
  /** Leases whose bytes were let go of. */
  forgotten = 0
  /** Settles resolve only after this, as those of a store that fails do. */
  settling: Promise<void> = Promise.resolve()
  /** The next lease fails with this. */
  failure: Error | undefined
  #waiting: StoredBatch[] = []
  #done = new Set<number>()
  #next = 0
  #wake: (() => void)[] = []

  /** Adds a batch of new messages and returns their numbers. */
  add(count: number): number[] {
    const from = this.#next
    this.#next += count
    const batch = storedBatch(numberedMessages(count), { seqs: [[from, from + count - 1]] })
    this.#put(batch)
    return seqsOf(batch.seqs)
  }

  queued(): number {
    return this.#next - this.#done.size
  }

  async lease(_maxBytes: number, signal: AbortSignal): Promise<Lease | undefined> {
    if (this.failure !== undefined) {
      const failure = this.failure
      this.failure = undefined
      throw failure
    }
    while (this.#waiting.length === 0) {
      if (signal.aborted) return undefined
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    if (signal.aborted) return undefined
    this.out++
    return this.#lease(this.#waiting.shift() as StoredBatch)
  }

  #lease(batch: StoredBatch): Lease {
    let released = false
    let forgotten = false
    return {
      get batch() {
        if (forgotten) throw new Error('its memory is used again')
        return batch
      },
      forget: () => {
        forgotten = true
        this.forgotten++
      },
      settle: async (delivered, rejected) => {
        this.settles.push({ delivered, rejected })
        await this.settling
        this.delivered.push(...seqsOf(delivered))
        this.rejected.push(...rejected)
        for (const seq of [...seqsOf(delivered), ...seqsOf(rejected.map(({ seqs }) => seqs))]) this.#done.add(seq)
      },
      release: () => {
        if (released) throw new Error('released twice')
        released = true
        this.out--
        const left = selectMessages(batch, (seq) => !this.#done.has(seq))
        if (left !== undefined) this.#put(left)
      },
    }
  }

  #put(batch: StoredBatch): void {
    this.#waiting.push(batch)
    this.#waiting.sort((a, b) => (a.seqs[0]?.[0] ?? 0) - (b.seqs[0]?.[0] ?? 0))
    for (const wake of this.#wake.splice(0)) wake()
  }
}
