import type { StoredBatch } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Outcome, Sink } from '../core/sink.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { checked } from './checked-outcome.ts'

/** An outcome in which nothing is open. */
export type Fate = Omit<Outcome, 'unsettled'>

/** A sink takes so many sends at a time, from whoever has the turn: what is forwarded, and beside it what is sent once more. First come, first served. */
export class SinkTurns {
  readonly #sink: Sink
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(sink: Sink, sends: number) {
    this.#sink = sink
    this.#free = sends
  }

  /** As Sink.send, once it is this one's turn. */
  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    if (this.#free > 0) this.#free--
    else if (!(await this.#turn(signal))) return { delivered: [], rejected: [], retry: { error: stopped() } }
    try {
      return await this.#sink.send(batch, signal)
    } catch (error) {
      return { delivered: [], rejected: [], retry: { error: RelayError.from(error) } }
    } finally {
      this.#next()
    }
  }

  /** Answers when the fate of every message is known, or when the signal aborts. The bytes are not used after that. */
  async sendAside(batch: StoredBatch, signal: AbortSignal): Promise<Fate> {
    const { unsettled, ...outcome } = checked(batch.ends.length, await this.send(batch, signal))
    if (unsettled === undefined) return outcome
    const { delivered, rejected, retry } = (await untilAbort(unsettled.outcome, signal)) ?? {
      delivered: [],
      rejected: [],
      retry: { error: stopped() },
    }
    const again = outcome.retry ?? retry
    return {
      delivered: [...outcome.delivered, ...delivered],
      rejected: [...outcome.rejected, ...rejected],
      ...(again && { retry: again }),
    }
  }

  /** Whoever ends a send gives the turn to who has waited longest. */
  #next(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }

  /** False: the signal aborted, and the turn is somebody else's. */
  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (mine: boolean) => {
        signal.removeEventListener('abort', leave)
        resolve(mine)
      }
      const take = () => end(true)
      const leave = () => {
        const at = this.#waiting.indexOf(take)
        if (at !== -1) this.#waiting.splice(at, 1)
        end(false)
      }
      if (signal.aborted) return resolve(false)
      this.#waiting.push(take)
      signal.addEventListener('abort', leave)
    })
  }
}

function stopped(): RelayError {
  return new RelayError('ENDPOINT_CLOSED', 'sending was stopped')
}
