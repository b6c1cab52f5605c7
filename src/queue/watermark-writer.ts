import type { Logger } from '../core/logger.ts'
import { type Watermark, writeWatermark } from './watermark.ts'

/** Keeps the watermark on disk up to date: one write at a time, and none when nothing changed. */
export class WatermarkWriter {
  readonly #directory: string
  readonly #current: () => Watermark
  readonly #logger: Logger
  #writing: Promise<void> | undefined
  #written = ''

  constructor(directory: string, current: () => Watermark, logger: Logger) {
    this.#directory = directory
    this.#current = current
    this.#logger = logger
  }

  /** Joins a write that is under way; a disk that does not take it is logged. */
  write(): Promise<void> {
    this.#writing ??= this.#replace().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** Writes what is true now, whatever is under way. */
  async writeLast(): Promise<void> {
    await this.#writing
    await this.write()
  }

  async #replace(): Promise<void> {
    const watermark = this.#current()
    const text = JSON.stringify(watermark)
    if (text === this.#written) return
    try {
      await writeWatermark(this.#directory, watermark)
      this.#written = text
    } catch (error) {
      this.#logger.warn({ err: error }, 'the watermark of the queue cannot be written')
    }
  }
}
