import { statfs } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'
import type { ConditionBoard } from './condition-board.ts'

/** Open again only with this much more than the minimum, so that the port does not flap. */
const hysteresis = 1.1

export function freeDiskOf(directory: string): () => Promise<number> {
  return async () => {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  }
}

/** Stops the intake while too little disk is free: looked at once a second while there is intake, or somebody waits for room. */
export class DiskWatch {
  readonly #free: () => Promise<number>
  readonly #minBytes: number
  readonly #board: ConditionBoard
  readonly #logger: Logger
  #active = false
  #looking = false
  #blind = false

  constructor(free: () => Promise<number>, minBytes: number, board: ConditionBoard, logger: Logger) {
    this.#free = free
    this.#minBytes = minBytes
    this.#board = board
    this.#logger = logger
  }

  intakeActive(): void {
    this.#active = true
  }

  tick(): void {
    if (this.#looking || !(this.#active || this.#board.has('disk_full'))) return
    this.#active = false
    void this.look()
  }

  async look(): Promise<void> {
    this.#looking = true
    try {
      this.#judge(await this.#free())
      this.#blind = false
    } catch (error) {
      // The writes themselves still say when the disk is full.
      if (!this.#blind) this.#logger.warn({ err: error }, 'free disk space cannot be read')
      this.#blind = true
    } finally {
      this.#looking = false
    }
  }

  #judge(free: number): void {
    const was = this.#board.has('disk_full')
    const is = free < this.#minBytes * (was ? hysteresis : 1)
    if (is) this.#board.set('disk_full', true, `${free} bytes of disk are free, min_free_disk asks for ${this.#minBytes}`)
    else this.#board.set('disk_full', false)
    if (is && !was) this.#logger.error({ code: 'DISK_FULL', free, minFreeDisk: this.#minBytes }, 'intake stopped: too little free disk')
    if (!is && was) this.#logger.info({ free }, 'intake goes on: the disk has room again')
  }
}
