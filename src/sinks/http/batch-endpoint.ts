import { setImmediate as turn } from 'node:timers/promises'
import type { StoredBatch } from '../../core/batch.ts'
import { RelayError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../../core/sink.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { FailureLog } from '../failure-log.ts'
import { SendGate } from '../send-gate.ts'
import type { Compression } from './compress-body.ts'
import type { Dialect, NumberedMessage } from './dialect.ts'
import { Filling } from './filling.ts'
import type { HttpClient } from './http-client.ts'
import { numberedMessages } from './numbered-messages.ts'
import { RefusalDoubts } from './refusal-doubts.ts'
import { Around } from './request-body.ts'
import { type BodyLimits, RequestDocuments } from './request-documents.ts'
import { RequestPace } from './request-pace.ts'
import { RequestsInHand } from './requests-in-hand.ts'
import { SentBatch } from './sent-batch.ts'
import type { RequestFailure } from './verdicts.ts'

/** So much is encoded in one turn of the event loop. */
const turnBytes = 256 * 1024

/** What of a sink's configuration concerns one endpoint. */
export interface BatchEndpointOptions {
  readonly max_request_size: number
  readonly max_requests_in_flight: number
  readonly request_timeout: number
  readonly compression: Compression
}

export interface BatchEndpointContext {
  readonly client: HttpClient
  readonly dialect: Dialect
  readonly options: BatchEndpointOptions
  readonly logger: Logger
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

/**
 * One HTTP receiver that takes many messages a request. Messages become documents as the dialect says, documents fill requests of the
 * size that the pace allows, and as many requests as it allows are in flight. `send` answers when all its documents are handed to
 * a request, and their fate comes with the answers. When no more may be in flight the next request waits, takes documents of
 * the sends that follow until it is full, and then holds them up: so at most one request's documents are held beside those in flight.
 *
 * When a request fails nothing behind it is begun: what waits is to be sent again with it. One `send` at a time.
 */
export class BatchEndpoint implements EndpointSink {
  readonly #client: HttpClient
  readonly #dialect: Dialect
  readonly #maxBytes: number
  readonly #around: Around
  readonly #log: FailureLog
  readonly #pace: RequestPace
  readonly #requests: RequestsInHand
  readonly #gate = new SendGate()
  /** The next request. */
  #next: RequestDocuments
  /** The send that fills it; it may be begun only when it is full, or when this is undefined. */
  #filling: Filling | undefined
  #connected = false
  #closed: Promise<void> | undefined

  constructor({ client, dialect, options, logger, now = () => performance.now() }: BatchEndpointContext) {
    this.#client = client
    this.#dialect = dialect
    this.#maxBytes = options.max_request_size
    this.#around = new Around(dialect.around)
    this.#log = new FailureLog(logger, client.name)
    const pace = new RequestPace({
      maxRequestBytes: options.max_request_size,
      maxInFlight: options.max_requests_in_flight,
      timeoutMs: options.request_timeout,
    })
    this.#pace = pace
    this.#next = this.#newRequest()
    const onAnswer = (failure: RequestFailure | undefined, delivered: boolean) => this.#onAnswer(failure, delivered)
    const context = { client, dialect, compression: options.compression, pace, doubts: new RefusalDoubts(), now, onAnswer }
    this.#requests = new RequestsInHand(context, () => this.#begin())
  }

  /** The first request connects. */
  async start(): Promise<void> {}

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#gate.close(deadline)
    await this.#requests.settled(deadline)
    this.#letGo(stopped())
    this.#connected = false
    // A client that does not close is left to itself.
    this.#closed ??= this.#client.close().catch(() => {})
    await untilAbort(this.#closed, deadline)
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    return this.#gate.run(signal, async (either) => {
      const sent = new SentBatch(batch)
      const filling = new Filling()
      const abort = () => this.#abandon(sent, filling, either.reason instanceof RelayError ? either.reason : stopped())
      either.addEventListener('abort', abort)
      if (either.aborted) abort()
      this.#filling = filling
      if (filling.failure === undefined) await this.#fill(batch, sent, filling)
      this.#filling = undefined
      either.removeEventListener('abort', abort)
      this.#begin()
      return sent.answer()
    })
  }

  /** Waits until all requests are answered and acknowledged. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.#requests.settled(signal)
  }

  giveUp(reason: RelayError): void {
    const inHand = !this.#requests.empty || this.#next.count > 0
    this.#letGo(reason)
    this.#gate.giveUp(reason)
    this.#connected = false
    if (inHand) this.#log.failed(reason)
  }

  endpoints(): readonly EndpointStatus[] {
    const error = this.#log.error
    const state = this.#connected ? 'connected' : 'idle'
    return [{ endpoint: this.#client.name, state, ...(error && { error: { code: error.code, message: error.message } }) }]
  }

  /** Hands the documents to requests, in order, and waits where there is no room. */
  async #fill(batch: StoredBatch, sent: SentBatch, filling: Filling): Promise<void> {
    let index = 0
    let bytes = 0
    for (const message of numberedMessages(batch)) {
      const document = this.#encode(message, sent, index)
      if (bytes >= turnBytes) {
        bytes = 0
        await turn()
        if (filling.failure !== undefined) break
      }
      let added = document === undefined ? 0 : this.#next.add(document, this.#limits, sent, index)
      if (document !== undefined && added === 'full') {
        await filling.wait(() => this.#begin())
        if (filling.failure !== undefined) break
        added = this.#next.add(document, this.#limits, sent, index)
      }
      if (typeof added === 'number') bytes += added
      else if (added !== 'full') sent.rejected(index, tooLarge(added.tooLarge, this.#maxBytes))
      index++
    }
    if (filling.failure !== undefined) sent.restAgain(index, filling.failure.error, filling.failure.afterMs)
  }

  /** Undefined when the message is rejected. */
  #encode(message: NumberedMessage, sent: SentBatch, index: number): string | Buffer | undefined {
    try {
      return this.#dialect.encode(message)
    } catch (error) {
      // A mistake of ours in one message must not hold up all those behind it.
      sent.rejected(index, RelayError.from(error, 'INTERNAL', 'cannot format the message'))
      return undefined
    }
  }

  get #limits(): BodyLimits {
    return { requestBytes: this.#pace.requestBytes, maxBytes: this.#maxBytes }
  }

  #newRequest(): RequestDocuments {
    return new RequestDocuments(this.#around, this.#pace.requestBytes)
  }

  /** Begins the next request, if there is room and nobody is about to add to it. */
  #begin(): void {
    const filling = this.#filling
    if (this.#next.count === 0 || filling?.adds || !this.#requests.room) return
    this.#requests.begin(this.#takeNext())
    filling?.goOn()
  }

  #takeNext(): RequestDocuments {
    const next = this.#next
    this.#next = this.#newRequest()
    return next
  }

  /** What is not begun is to be sent again. */
  #dropNext(error: RelayError, afterMs?: number): void {
    const next = this.#takeNext()
    next.forEach({ from: 0, to: next.count }, (sent, index) => sent.again(index, error, afterMs))
    next.body.release()
  }

  #letGo(error: RelayError): void {
    this.#dropNext(error)
    this.#requests.abort(error)
  }

  /** The send is aborted, and so is every request that has documents of it. */
  #abandon(sent: SentBatch, filling: Filling, error: RelayError): void {
    if (this.#next.has(sent)) this.#dropNext(error)
    this.#requests.abort(error, (documents) => documents.has(sent))
    sent.restAgain(0, error)
    filling.fail({ error, whole: true })
  }

  #onAnswer(failure: RequestFailure | undefined, delivered: boolean): void {
    this.#connected = failure?.unanswered !== true
    if (failure !== undefined) this.#log.failed(failure.error)
    else if (delivered) this.#log.well()
    if (!failure?.whole) return
    this.#dropNext(failure.error, failure.afterMs)
    this.#filling?.fail(failure)
  }
}

function stopped(): RelayError {
  return new RelayError('ENDPOINT_CLOSED', 'sending was stopped')
}

function tooLarge(bytes: number, maxBytes: number): RelayError {
  return new RelayError('MESSAGE_TOO_LARGE', `the document of the message has ${bytes} bytes, a request at most ${maxBytes}`, {
    hint: 'raise max_request_size of the sink, if the receiver takes more, or lower max_message_size of the source',
  })
}
