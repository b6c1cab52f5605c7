import { writeSync } from 'node:fs'

const retryEveryMs = 10

/**
 * Writes each line before it returns, so that the last one before an exit is not lost. A reader who has stopped reading
 * (a full pipe) may hold the relay up for `maxWaitMs` once; from then on lines are dropped and counted until the pipe
 * takes one again, and a line says how many are missing. A log that cannot be written at all never ends the process.
 */
export class StderrDestination {
  readonly #fd: number
  readonly #maxWaitMs: number
  readonly #clock = new Int32Array(new SharedArrayBuffer(4))
  #stuck = false
  #midLine = false
  #lost = 0

  constructor(fd = 2, maxWaitMs = 1000) {
    this.#fd = fd
    this.#maxWaitMs = maxWaitMs
  }

  /** Lines dropped since one was last written. */
  get lost(): number {
    return this.#lost
  }

  write(line: string): void {
    const notice = this.#lost > 0 ? this.#notice() : ''
    const written = this.#put(Buffer.from((this.#midLine ? '\n' : '') + notice + line))
    if (written) this.#lost = 0
    else this.#lost++
  }

  /** Answers whether everything was written. */
  #put(bytes: Buffer): boolean {
    const deadline = performance.now() + (this.#stuck ? 0 : this.#maxWaitMs)
    let offset = 0
    while (offset < bytes.length) {
      try {
        offset += writeSync(this.#fd, bytes, offset)
        this.#midLine = offset < bytes.length
      } catch (error) {
        // Another reader's end gone (EPIPE), a full disk behind a redirection: nobody is left to tell but the count.
        const full = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
        if (!full || performance.now() >= deadline) {
          this.#stuck = true
          return false
        }
        Atomics.wait(this.#clock, 0, 0, retryEveryMs)
      }
    }
    this.#stuck = false
    return true
  }

  #notice(): string {
    const fields = { level: 'warn', time: new Date().toISOString(), lost: this.#lost, msg: `${this.#lost} log lines could not be written` }
    return `${JSON.stringify(fields)}\n`
  }
}
