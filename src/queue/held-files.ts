import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Enough for all that LevelDB deletes between two looks; a long backlog has many files that stay. */
const maxHeld = 64
/** So many deleted files may wait for their turn; of more one after the other is closed without a pause. */
const maxDead = 8
/** So many bytes stored between two looks: less than the smallest life of a file of LevelDB's. */
const lookEveryBytes = 2 ** 20

/**
 * Keeps LevelDB's files open, so that their disk space is given back here and not there. LevelDB deletes a file while it
 * holds the lock that every write needs, and a file system may take 10 ms for 4 MiB (ext4 waits for the device to discard them
 * where it is mounted so): a third of all time at full load. With one more descriptor a delete only takes away the name; the
 * space follows when we close, one file at a time and just after a write, for an fsync waits while the device discards.
 */
export class HeldFiles {
  readonly #directory: string
  readonly #held = new Map<string, FileHandle>()
  /** Deleted, and to be closed. */
  readonly #dead: FileHandle[] = []
  #closing: Promise<void> | undefined
  #looking: Promise<void> | undefined
  #position = 0
  #lookedAt = 0
  #restedAt = 0
  #closed = false

  constructor(directory: string) {
    this.#directory = directory
  }

  get count(): number {
    return this.#held.size + this.#dead.length
  }

  /** A write is done; `position`: how many bytes were ever stored. */
  stored(position: number): void {
    this.#position = position
    this.#closeOne()
    if (position - this.#lookedAt < lookEveryBytes) return
    this.#lookedAt = position
    void this.look()
  }

  /** Once a second: when nothing is written everything is given back. */
  async tick(): Promise<void> {
    const resting = this.#position === this.#restedAt
    this.#restedAt = this.#position
    await this.look()
    if (resting) await this.#closeAll()
  }

  /** Opens files that are new and notes those that were deleted. Never rejects: without it deletes are only slower. */
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
    this.#dead.push(...this.#held.values())
    this.#held.clear()
    await this.#closeAll()
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => /^\d+\.(ldb|log)$/.test(name)).sort()
    const there = new Set(names)
    for (const [name, file] of this.#held) {
      if (there.has(name)) continue
      this.#held.delete(name)
      this.#dead.push(file)
    }
    // The oldest, which are the next to be deleted, and the log.
    for (const name of [...names.filter((name) => name.endsWith('.log')), ...names]) {
      if (this.#closed || this.#held.size >= maxHeld) return
      if (this.#held.has(name)) continue
      const file = await open(join(this.#directory, name), 'r').catch(() => undefined) // deleted meanwhile
      if (file !== undefined) this.#held.set(name, file)
    }
  }

  #closeOne(): void {
    if (this.#closing !== undefined) return
    this.#closing = this.#dead
      .shift()
      ?.close()
      .catch(() => undefined) // its name is gone, so nobody can mend it, and nobody misses it
      .finally(() => {
        this.#closing = undefined
        if (this.#dead.length > maxDead) this.#closeOne()
      })
  }

  async #closeAll(): Promise<void> {
    while (this.#closing !== undefined || this.#dead.length > 0) {
      this.#closeOne()
      await this.#closing
    }
  }
}
