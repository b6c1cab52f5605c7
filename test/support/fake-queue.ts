import type { Batch, StoredBatch } from '../../src/core/batch.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { Queue, QueueCondition, QueueReader, QueueStatus } from '../../src/core/queue.ts'

/** A queue without messages whose condition a test sets. */
export class FakeQueue implements Queue {
  fill = 0
  calls: string[] = []
  detail: string | undefined
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
