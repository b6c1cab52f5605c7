import { type LevelDb, type LevelTools, type Op, openLevel, repairLevel } from '../../src/queue/leveldb.ts'

/** An error as classic-level throws it. */
export function levelError(message: string, code = 'LEVEL_IO_ERROR'): Error {
  return Object.assign(new Error(message), { code })
}

/** LevelDB that fails on demand. */
export class FailingLevel implements LevelTools {
  /** What each write answers with, while it is set. */
  writeError: Error | undefined
  /** Which writes it is for: all. */
  fails: (operations: readonly Op[]) => boolean = () => true
  /** So many stores from now on are opened damaged: looking for records fails. */
  damagedOpens = 0
  /** Which stores those are. */
  damages: (directory: string) => boolean = () => true
  failedWrites = 0
  /** Whether each write was to be fsynced. */
  readonly syncs: boolean[] = []
  repairs = 0
  #onFailure: (() => void)[] = []

  async open(...args: Parameters<LevelTools['open']>): Promise<LevelDb> {
    const db = await openLevel(...args)
    const damaged = this.damages(args[0]) && this.damagedOpens-- > 0
    return {
      get: (key, options) => db.get(key, options),
      batch: async (operations, options) => {
        this.syncs.push(options.sync)
        if (this.writeError === undefined || !this.fails(operations)) return db.batch(operations, options)
        this.failedWrites++
        for (const told of this.#onFailure.splice(0)) told()
        throw this.writeError
      },
      clear: (range) => db.clear(range),
      compactRange: (start, end) => db.compactRange(start, end),
      iterator: (options) => {
        if (damaged) throw levelError('Corruption: bad entry in block', 'LEVEL_CORRUPTION')
        return db.iterator(options)
      },
      close: () => db.close(),
    }
  }

  async repair(directory: string): Promise<void> {
    this.repairs++
    await repairLevel(directory)
  }

  /** Resolves at the next write that fails. */
  failure(): Promise<void> {
    return new Promise((resolve) => this.#onFailure.push(resolve))
  }
}
