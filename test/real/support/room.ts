import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A scenario's own directory, and what has to be closed when it is over, last opened first. */
export class Room {
  readonly dir: string
  readonly #closers: (() => unknown)[] = []
  readonly #diagnostics: (() => string)[] = []

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<Room> {
    const room = new Room(await mkdtemp(join(tmpdir(), 'logrelay-real-')))
    room.closing(() => rm(room.dir, { recursive: true, force: true }))
    return room
  }

  path(name: string): string {
    return join(this.dir, name)
  }

  closing(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Adds a text that is printed when the scenario fails. */
  explaining(explain: () => string): void {
    this.#diagnostics.push(explain)
  }

  explain(): string {
    return this.#diagnostics.map((explain) => explain()).join('')
  }

  /** Closes everything, whatever fails on the way, and then throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
