import type { Socket } from 'node:net'

/** Of answers that the peer has not read or will be owed: with more nothing is read from it. */
const mostBytes = 256 * 1024

export interface AnswersOptions {
  readonly socket: Socket
  /** Of answers that will come for what was read already. */
  readonly owedBytes: () => number
  /** How long the peer may read nothing of what waits for it. */
  readonly timeoutMs: number
  /** `tooMany` has changed. */
  readonly onChange: () => void
  readonly onUnread: () => void
}

/** What is written to one peer. It may read slowly, and is held back then; one that does not read at all is given up. */
export class Answers {
  readonly #options: AnswersOptions
  #tooMany = false

  constructor(options: AnswersOptions) {
    this.#options = options
    const { socket, onUnread } = options
    socket.on('drain', () => this.weigh())
    // Node.js takes what the kernel takes for activity, and each write.
    socket.on('timeout', () => {
      if (socket.writableLength > 0) onUnread()
    })
  }

  get tooMany(): boolean {
    return this.#tooMany
  }

  write(bytes: Buffer): void {
    const { socket } = this.#options
    if (socket.destroyed || socket.writableEnded) return
    socket.write(bytes)
    this.weigh()
  }

  /** To be called when more is owed. */
  weigh(): void {
    const { socket, owedBytes, timeoutMs, onChange } = this.#options
    const tooMany = socket.writableLength + owedBytes() > mostBytes
    if (tooMany === this.#tooMany) return
    this.#tooMany = tooMany
    socket.setTimeout(tooMany ? timeoutMs : 0)
    onChange()
  }
}
