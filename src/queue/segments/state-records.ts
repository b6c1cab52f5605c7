import { isStateKey, metaKey } from '../keys.ts'
import type { EntryIterator, Op, Range } from '../leveldb.ts'

/** The small records of a queue as they are on disk: totals, cursors, checkpoints. Few, so all are kept in memory. */
export class StateRecords {
  /** By key in latin1, which sorts as the keys do. */
  readonly #records = new Map<string, Buffer>()

  /** What a write changed. */
  note(ops: readonly Op[]): void {
    for (const op of ops) {
      if (!isStateKey(op.key)) continue
      const key = op.key.toString('latin1')
      if (op.type === 'put') this.#records.set(key, op.value)
      else this.#records.delete(key)
    }
  }

  get(key: Buffer): Buffer | undefined {
    return this.#records.get(key.toString('latin1'))
  }

  /** Writes all of them. */
  ops(): Op[] {
    return [...this.#records].map(([key, value]) => ({ type: 'put', key: Buffer.from(key, 'latin1'), value }))
  }

  iterator({ gte, lt }: Range): EntryIterator {
    const [from, end] = [gte.toString('latin1'), lt.toString('latin1')]
    const entries = [...this.#records]
      .filter(([key]) => key >= from && key < end)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]): [Buffer, Buffer] => [Buffer.from(key, 'latin1'), value])
    return {
      nextv: async (size) => entries.splice(0, size),
      close: async () => undefined,
      async *[Symbol.asyncIterator]() {
        yield* entries
      },
    }
  }

  /** A segment that was made ahead has none. */
  get empty(): boolean {
    return this.#records.size === 0
  }

  /** Whether these are all records of a queue, as each segment begins with; after a repair some may be missing. */
  get complete(): boolean {
    return this.get(metaKey) !== undefined
  }
}
