import type { Batch, StoredBatch } from '../../src/core/batch.ts'
import type { DeadLetter, DeadLetters } from '../../src/core/dead-letter.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { Queue, QueueCondition, QueueReader, QueueStatus } from '../../src/core/queue.ts'

/** A queue without messages whose condition a test sets. */
export class FakeQueue implements Queue {
  fill = 0
  calls: string[] = []
  detail: string | undefined
  /** In the order of their numbers; `settle` and `refuse` note what they were asked in `calls`. */
  letters: DeadLetter[] = []
  readonly deadLetters: DeadLetters = {
    held: () => {
      const sinks = [...new Set(this.letters.map(({ sink }) => sink))]
      const of = (name: string) => this.letters.filter(({ sink }) => sink === name)
      return sinks.map((sink) => ({ sink, messages: of(sink).length, bytes: 0, evicted: 0 }))
    },
    read: (sink, fromSeq, signal) => this.#read(sink, fromSeq, signal),
    settle: async (sink, seqs, how) => {
      const before = this.letters.length
      const wanted = (letter: DeadLetter) => letter.sink === sink && seqs.some(([from, to]) => from <= letter.seq && letter.seq <= to)
      this.letters = this.letters.filter((letter) => !wanted(letter))
      this.calls.push(`${how} ${before - this.letters.length} of ${sink}`)
      return before - this.letters.length
    },
    refuse: async (sink, rejected) => {
      let count = 0
      this.letters = this.letters.map((letter) => {
        const why = rejected.find(({ seqs: [from, to] }) => letter.sink === sink && from <= letter.seq && letter.seq <= to)?.error
        if (why === undefined) return letter
        count++
        return { ...letter, code: why.code, reason: why.message }
      })
      this.calls.push(`refused ${count} of ${sink}`)
      return count
    },
  }
  #condition: QueueCondition = 'open'
  #listeners = new Set<(condition: QueueCondition) => void>()

  get listeners(): number {
    return this.#listeners.size
  }

  become(condition: QueueCondition): void {
    this.#condition = condition
    for (const listener of this.#listeners) listener(condition)
  }

  async start(): Promise<void> {
    this.calls.push('start')
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
  }

  append(_batch: Batch): 'full' {
    return 'full'
  }

  drop(): void {}

  async *#read(sink: string, fromSeq: number, signal: AbortSignal): AsyncGenerator<DeadLetter> {
    for (const letter of this.letters) if (letter.sink === sink && letter.seq >= fromSeq && !signal.aborted) yield letter
  }

  async deadLetter(): Promise<void> {}

  async checkpoint(): Promise<undefined> {
    return undefined
  }

  async room(): Promise<void> {}

  adopt(): void {
    this.calls.push('adopt')
  }

  reader(): QueueReader {
    return { lease: async () => undefined }
  }

  ledger(): Ledger {
    return { received: { udp: 0, tcp: 0, tls: 0 }, dropped: {}, sinks: {} }
  }

  status(): QueueStatus {
    return {
      condition: this.#condition,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      queueId: 'fake',
      messages: this.fill,
      bytes: this.fill,
      maxBytes: 100,
      nextSeq: this.fill,
      cursors: {},
      deadLetters: {},
    }
  }

  onCondition(listener: (condition: QueueCondition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async *browse(): AsyncGenerator<StoredBatch> {}
}
