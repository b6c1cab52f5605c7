import { RelayError } from '../core/errors.ts'

/**
 * What every sink that connects somewhere needs around `send`: a stop that lets the send in flight finish until its
 * deadline, and none begin after it.
 */
export class SendGate {
  readonly #stop = new AbortController()
  #current: AbortController | undefined
  #inFlight: Promise<unknown> = Promise.resolve()

  /** Runs one send with a signal that aborts when the caller's does or when the sink has to let go. */
  async run<T>(signal: AbortSignal, send: (either: AbortSignal) => Promise<T>): Promise<T> {
    const either = new AbortController()
    const abort = () => either.abort()
    const release = () => {
      signal.removeEventListener('abort', abort)
      this.#stop.signal.removeEventListener('abort', abort)
    }
    signal.addEventListener('abort', abort)
    this.#stop.signal.addEventListener('abort', abort)
    if (signal.aborted || this.#stop.signal.aborted) abort()
    this.#current = either
    const sending = send(either.signal).finally(release)
    this.#inFlight = sending
    return sending
  }

  /** Aborts the send in flight, if there is one, with this reason. */
  giveUp(reason: RelayError): void {
    this.#current?.abort(reason)
  }

  /** Resolves when nothing is in flight: at the latest soon after the deadline aborted. Sends begun later find their signal aborted. */
  async close(deadline: AbortSignal): Promise<void> {
    const abort = () => this.#stop.abort()
    if (deadline.aborted) abort()
    deadline.addEventListener('abort', abort)
    await this.#inFlight
    deadline.removeEventListener('abort', abort)
    abort()
  }
}

/** Why a send failed: what it was given up for, rather than what that brought. */
export function failureOf(signal: AbortSignal, error: unknown): RelayError {
  return signal.reason instanceof RelayError ? signal.reason : RelayError.from(error)
}
