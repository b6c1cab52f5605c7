import { constants, copyFile, link, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeDirectory } from '../../native/make-directory.ts'

/**
 * Where the files of a queue go before they are repaired, `NAME.damaged-TIME` beside its directory. Only the newest is
 * kept, for each may hold as much disk as the queue.
 */
export class Aside {
  readonly #directory: string
  #path: string | undefined

  /** `directory`: the queue's. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Undefined while nothing was put there. */
  get path(): string | undefined {
    return this.#path
  }

  /** A copy made of hard links: LevelDB never writes into a file of an earlier life, so both stay what they are. */
  async copy(store: string): Promise<void> {
    const place = await this.#placeFor(store)
    for (const entry of await readdir(store, { withFileTypes: true })) {
      if (entry.isFile() && entry.name !== 'LOCK') await linkOrCopy(join(store, entry.name), join(place, entry.name))
    }
  }

  /** Moves the store there, without its `but`; what a repair left takes the place of the copy from before. */
  async move(store: string, but?: string): Promise<void> {
    await this.drop(store)
    const place = await this.#placeFor(store)
    for (const name of await readdir(store)) if (name !== but) await rename(join(store, name), join(place, name))
  }

  /** Removes the copy of a store whose repair did not take place. */
  async drop(store: string): Promise<void> {
    if (this.#path === undefined) return
    const place = this.#place(this.#path, store)
    await rm(place, { recursive: true, force: true })
    if (place === this.#path) this.#path = undefined
  }

  async #placeFor(store: string): Promise<string> {
    if (this.#path === undefined) {
      const parent = dirname(this.#directory)
      for (const name of await readdir(parent)) {
        if (name.startsWith(`${basename(this.#directory)}.damaged-`)) await rm(join(parent, name), { recursive: true, force: true })
      }
      this.#path = `${this.#directory}.damaged-${timestamp()}`
    }
    const place = this.#place(this.#path, store)
    await makeDirectory(place, 0o700)
    return place
  }

  #place(aside: string, store: string): string {
    return join(aside, store.slice(this.#directory.length))
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // Some file systems have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

/** UTC, to the millisecond, fit for a file name and sorted like the time. */
function timestamp(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '').replace('.', '')
}
