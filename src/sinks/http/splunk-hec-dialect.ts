import { randomUUID } from 'node:crypto'
import type { SecretConfig } from '../../config/secret-schema.ts'
import { RelayError } from '../../core/errors.ts'
import { SecretReader } from '../../secrets/read-secret.ts'
import type { Dialect, Judgement, NumberedMessage } from './dialect.ts'
import type { HttpAnswer, HttpRequest } from './http-client.ts'
import { statusError } from './http-status.ts'
import { ackRequest, SplunkAcks } from './splunk-acks.ts'
import { enableAcknowledgement, judgeSplunkError, readSplunkAnswer } from './splunk-answer.ts'
import { createSplunkEvent, type SplunkConfig, type SplunkEventOptions } from './splunk-event.ts'

export interface SplunkHecDialectOptions extends SplunkEventOptions {
  readonly splunk: SplunkConfig
  /** Who answers, for the words: `https://splunk.example.com:8088`. */
  readonly endpoint: string
  /** The pause between two questions for acknowledgement. */
  readonly poll?: { readonly initialMs: number; readonly maxMs: number }
}

/** Value of Authorization, for the client. */
export function splunkAuthorization(token: SecretConfig): () => Promise<string> {
  const secret = new SecretReader(token)
  return async () => `Splunk ${await secret.read()}`
}

/**
 * Splunk's HTTP Event Collector. One for each endpoint: it has a channel of its own there, and acknowledgements are numbered within it.
 * Without acknowledgement a success says that the events look right, with it they are indexed before they count as delivered.
 */
export class SplunkHecDialect implements Dialect {
  readonly around = { before: '', between: '', after: '' }
  readonly encode: (message: NumberedMessage) => Buffer
  readonly #endpoint: string
  readonly #channel = randomUUID()
  readonly #acks: SplunkAcks | undefined
  /**
   * The token turned out to give no acknowledgements, or nobody tells of those it gave. Until that changes, requests only ask
   * for one: events that are taken without would be sent again and again.
   */
  #withoutAcks = false

  constructor({ splunk, endpoint, poll = { initialMs: 100, maxMs: 5000 }, ...event }: SplunkHecDialectOptions) {
    this.#endpoint = endpoint
    this.encode = createSplunkEvent({ splunk, ...event })
    if (!splunk.acknowledgement) return
    const onUnanswered = () => {
      this.#withoutAcks = true
    }
    this.#acks = new SplunkAcks({ channel: this.#channel, timeoutMs: splunk.ack_timeout, poll, onUnanswered })
  }

  request(body: Buffer, encoding: 'gzip' | 'zstd' | undefined): HttpRequest {
    if (this.#withoutAcks) return ackRequest(this.#channel, [0])
    // It would be taken for invalid events, all of them.
    if (encoding === 'zstd')
      throw new RelayError('CONFIG_INVALID', 'Splunk understands no zstd', { hint: 'Set compression: gzip of this sink.' })
    const headers = {
      'content-type': 'application/json',
      'x-splunk-request-channel': this.#channel,
      ...(encoding !== undefined && { 'content-encoding': encoding }),
    }
    return { method: 'POST', path: '/services/collector/event', headers, body }
  }

  judge(answer: HttpAnswer): Judgement {
    const said = readSplunkAnswer(answer)
    if (this.#acks !== undefined && said?.acks !== undefined) return this.#acksAgain()
    if (answer.status < 200 || answer.status > 299 || said?.code !== 0) return this.#failed(answer, said?.code)
    if (this.#acks === undefined) return { all: 'delivered' }
    const { ackId } = said
    if (typeof ackId !== 'number') return this.#noAck(answer)
    const acks = this.#acks
    return {
      later: async (client, signal) => {
        const error = await acks.indexed(ackId, client, signal)
        return { all: error === undefined ? 'delivered' : { retry: error } }
      },
    }
  }

  #failed(answer: HttpAnswer, code: number | undefined): Judgement {
    const judgement = judgeSplunkError(answer, code, this.#endpoint)
    // What was refused is the question of `request`: no event was in it.
    return this.#withoutAcks && 'refused' in judgement ? { all: { retry: judgement.refused } } : judgement
  }

  #noAck(answer: HttpAnswer): Judgement {
    this.#withoutAcks = true
    const { error } = statusError(answer, this.#endpoint)
    return { all: { retry: new RelayError('ENDPOINT_REFUSED', `${error.message} without an ackId`, { hint: enableAcknowledgement }) } }
  }

  /** The answer to the question of `request`: nothing was sent, so that is still to do. */
  #acksAgain(): Judgement {
    this.#withoutAcks = false
    return { all: { retry: new RelayError('ENDPOINT_REFUSED', `${this.#endpoint} acknowledges again: events are sent to it from now on`) } }
  }
}
