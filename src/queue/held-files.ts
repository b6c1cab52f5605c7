import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Enough for all that LevelDB deletes between two looks; a long backlog has many files that stay. */
const maxHeld = 64
/** So many bytes stored between two looks: less than the smallest life of a file of LevelDB's. */
const lookEveryBytes = 2 ** 20

/**
 * Keeps LevelDB's files open, so that their disk space is given back here and not there. LevelDB deletes a file while it
 * holds the lock that every write needs, and a file system may take 10 ms for 4 MiB (ext4 waits for the device to discard them
 * where it is mounted so): a third of all time at full load. With one more descriptor a delete only takes away the name; the
 * space follows when we close, beside the data path.
 */
export class HeldFiles {
  readonly #directory: string
  readonly #held = new Map<string, FileHandle>()
  #looking: Promise<void> | undefined
  #lookedAt = 0
  #closed = false

  constructor(directory: string) {
    this.#directory = directory
  }

  get count(): number {
    return this.#held.size
  }

  /** To be told how many bytes were ever stored. */
  stored(position: number): void {
    if (position - this.#lookedAt < lookEveryBytes) return
    this.#lookedAt = position
    void this.look()
  }

  /** Opens files that are new and lets go of those that were deleted. Never rejects: without it deletes are only slower. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(() => undefined) // the directory cannot be read, which LevelDB will tell
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
    await this.#release([...this.#held.keys()])
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => /^\d+\.(ldb|log)$/.test(name)).sort()
    const there = new Set(names)
    await this.#release([...this.#held.keys()].filter((name) => !there.has(name)))
    // The oldest, which are the next to be deleted, and the log.
    for (const name of [...names.filter((name) => name.endsWith('.log')), ...names]) {
      if (this.#closed || this.#held.size >= maxHeld) return
      if (this.#held.has(name)) continue
      const file = await open(join(this.#directory, name), 'r').catch(() => undefined) // deleted meanwhile
      if (file !== undefined) this.#held.set(name, file)
    }
  }

  async #release(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const file = this.#held.get(name)
      this.#held.delete(name)
      await file?.close()
    }
  }
}
