import { RelayError } from '../../core/errors.ts'
import { wait } from '../../retry/backoff.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import { statusError } from './http-status.ts'
import { enableAcknowledgement, readSplunkAnswer } from './splunk-answer.ts'

export interface SplunkAcksOptions {
  /** A GUID: acknowledgements are numbered within it. */
  readonly channel: string
  /** Until an event that is not indexed is sent again. */
  readonly timeoutMs: number
  /** The pause between two questions, which doubles while nothing comes. */
  readonly poll: { readonly initialMs: number; readonly maxMs: number }
  /** Questions are refused or not answered: events that are sent all the same would be sent again and again. */
  readonly onUnanswered: () => void
}

interface Failure {
  readonly error: RelayError
  /** It will not be another next time. */
  readonly final: boolean
}

/** After so many questions in a row that were not answered it is not believed any more that one will be. */
const mostFailures = 5

/**
 * Asks one indexer what it has indexed ("About HTTP Event Collector Indexer Acknowledgment"): one question for all that is
 * outstanding. An indexer that was restarted has forgotten its numbers and says false for ever: the timeout is for that.
 */
export class SplunkAcks {
  readonly #options: SplunkAcksOptions
  /** By ackId: resolves with an error, or with nothing where it is indexed. */
  readonly #waiting = new Map<number, (error?: RelayError) => void>()
  /** Of the questions that are asked at present; aborted when nobody waits any more. */
  #asking: AbortController | undefined
  /** Questions that were answered, whatever was said. */
  #answers = 0

  constructor(options: SplunkAcksOptions) {
    this.#options = options
  }

  /** Resolves when it is known what became of the events: nothing where they are indexed, else why they are to be sent again. Never rejects. */
  indexed(ackId: number, client: HttpClient, signal: AbortSignal): Promise<RelayError | undefined> {
    return new Promise((resolve) => {
      const stop = () => settle(new RelayError('ENDPOINT_CLOSED', `${client.name} has not said whether the events are indexed`))
      const answers = this.#answers
      const timer = setTimeout(() => {
        if (this.#answers === answers) this.#options.onUnanswered()
        settle(notIndexed(client.name, this.#options.timeoutMs))
      }, this.#options.timeoutMs)
      const settle = (error?: RelayError) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        if (this.#waiting.get(ackId) === settle) this.#waiting.delete(ackId)
        if (this.#waiting.size === 0) this.#asking?.abort()
        resolve(error)
      }
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop)
      // The same number twice: an indexer that began anew. What the first was for is not known any more.
      this.#waiting.get(ackId)?.(notIndexed(client.name, this.#options.timeoutMs))
      this.#waiting.set(ackId, settle)
      if (this.#asking === undefined || this.#asking.signal.aborted) void this.#ask(client)
    })
  }

  async #ask(client: HttpClient): Promise<void> {
    const { initialMs, maxMs } = this.#options.poll
    const asking = new AbortController()
    this.#asking = asking
    let failures = 0
    let pauseMs = initialMs
    while (true) {
      await wait(pauseMs, asking.signal)
      if (asking.signal.aborted) return
      const found = await this.#question(client, asking.signal)
      if (asking.signal.aborted) return
      failures = typeof found === 'object' ? failures + 1 : 0
      pauseMs = found === true ? initialMs : Math.min(maxMs, pauseMs * 2)
      if (typeof found === 'object' && (found.final || failures >= mostFailures)) this.#giveUp(found.error)
      // What came meanwhile asks anew.
      if (asking.signal.aborted) return
    }
  }

  /** Answers whether something is indexed now that was not before. */
  async #question(client: HttpClient, signal: AbortSignal): Promise<boolean | Failure> {
    try {
      return this.#take(await client.request(ackRequest(this.#options.channel, [...this.#waiting.keys()]), signal), client.name)
    } catch (error) {
      return { error: RelayError.from(error), final: false }
    }
  }

  #take(answer: HttpAnswer, name: string): boolean | Failure {
    const said = readSplunkAnswer(answer)
    if (answer.status === 200 && said?.acks !== undefined) {
      this.#answers++
      const indexed = Object.keys(said.acks).filter((ackId) => said.acks?.[ackId] === true)
      const settled = indexed.map((ackId) => this.#waiting.get(Number(ackId))).filter((settle) => settle !== undefined)
      for (const settle of settled) settle()
      return settled.length > 0
    }
    const { error, busy } = statusError(answer, name)
    // Indexers that have much to do have not forgotten anything.
    if (busy) return false
    if (said?.code === 14) return { error: new RelayError('ENDPOINT_REFUSED', error.message, { hint: enableAcknowledgement }), final: true }
    return { error, final: answer.status < 500 }
  }

  #giveUp(error: RelayError): void {
    this.#options.onUnanswered()
    for (const settle of [...this.#waiting.values()]) settle(error)
  }
}

export function ackRequest(channel: string, acks: readonly number[]) {
  return {
    method: 'POST',
    path: `/services/collector/ack?channel=${channel}`,
    headers: { 'content-type': 'application/json', 'x-splunk-request-channel': channel },
    body: Buffer.from(JSON.stringify({ acks })),
  } as const
}

function notIndexed(name: string, timeoutMs: number): RelayError {
  return new RelayError('ENDPOINT_REFUSED', `${name}: events were not indexed within ${timeoutMs / 1000} s; they are sent again`, {
    hint: 'Is the indexer overloaded, or was it restarted? A load balancer must keep this relay with one indexer (sticky sessions).',
  })
}
