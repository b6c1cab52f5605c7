/**
 * Anything with a life. `start` resolves once it works, and rejects with a RelayError when it cannot.
 * `stop` may be called twice and before `start`; it finishes what it has in hand, and at the latest when `deadline`
 * aborts it lets go of everything and resolves.
 */
export interface Component {
  start(): Promise<void>
  stop(deadline: AbortSignal): Promise<void>
}
