import { RelayError } from '../../core/errors.ts'
import { type Compression, compressBody } from './compress-body.ts'
import type { Dialect, Judgement } from './dialect.ts'
import { decided } from './doubtful-verdicts.ts'
import type { HttpClient } from './http-client.ts'
import type { RefusalDoubts } from './refusal-doubts.ts'
import { type Findings, RefusalSearch, type Segment, type Suspect } from './refusal-search.ts'
import type { RequestBody } from './request-body.ts'
import type { RequestDocuments } from './request-documents.ts'
import type { Answered, RequestPace } from './request-pace.ts'
import { checkedJudgement, type RequestFailure, summaryOf, type Verdicts, verdictAt } from './verdicts.ts'

/** What a request works with, and whom it tells. */
export interface RunContext {
  readonly client: HttpClient
  readonly dialect: Dialect
  readonly compression: Compression
  readonly pace: RequestPace
  readonly doubts: RefusalDoubts
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** How it went, once for each answer, or where there was none: `failure` is undefined where nothing is to be sent again. */
  readonly onAnswer: (failure: RequestFailure | undefined, delivered: boolean) => void
  /** Something has changed: see `sending`, `unacknowledged`, `done`. */
  readonly onChange: (run: RequestRun) => void
}

/**
 * One request on its way: sent, judged, halved where it was refused, acknowledged where that comes later. It takes one place among
 * those in flight: its parts are sent one after another.
 */
export class RequestRun {
  readonly #documents: RequestDocuments
  readonly #context: RunContext
  readonly #abort = new AbortController()
  readonly #begun = Promise.withResolvers<void>()
  /** Parts that were taken and are acknowledged later. */
  #unacknowledged = 0
  #sending = true
  #aborted = false
  /** The client has bytes of the body itself: who knows until when it reads them. */
  #lent = false

  constructor(documents: RequestDocuments, context: RunContext) {
    this.#documents = documents
    this.#context = context
  }

  get documents(): RequestDocuments {
    return this.#documents
  }

  /** It needs a place among those in flight, and holds its documents' bytes. */
  get sending(): boolean {
    return this.#sending
  }

  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /** The fate of all its documents is known. */
  get done(): boolean {
    return !this.#sending && this.#unacknowledged === 0
  }

  /** Resolves when the client has it: one behind it that is compressed sooner must not overtake it. */
  get begun(): Promise<void> {
    return this.#begun.promise
  }

  /** Never rejects. The client gets nothing of it before `before` has resolved. */
  async run(before: Promise<void>): Promise<void> {
    try {
      const { body } = this.#documents
      await this.#sendAll(body, before)
      if (!this.#aborted && !this.#lent) body.release()
    } catch (error) {
      const mistake = RelayError.from(error, 'INTERNAL', 'cannot make a request')
      this.abort(mistake)
      this.#tell({ error: mistake, whole: true }, false)
    }
    if (!this.#aborted) this.#sent()
  }

  /** Lets go at once: what is not known by now is to be sent again because of `error`. */
  abort(error: RelayError): void {
    if (this.#aborted || this.done) return
    this.#aborted = true
    this.#unacknowledged = 0
    this.#again({ from: 0, to: this.#documents.count }, error)
    this.#abort.abort(error)
    this.#sent()
  }

  #sent(): void {
    this.#sending = false
    this.#begun.resolve()
    this.#context.onChange(this)
  }

  async #sendAll(body: RequestBody, before: Promise<void>): Promise<void> {
    const { count } = this.#documents
    const search = new RefusalSearch(count)
    let failure: RequestFailure | undefined
    for (let part = search.next(); part !== undefined; part = search.next()) {
      // Another was refused by its size meanwhile: this need not be sent to know that it would be, too.
      if (part.to - part.from === count && count > 1 && this.#context.pace.isTooLarge(body.sizeOf(part))) search.refused()
      else failure = await this.#send(part, body, search, before)
      if (this.#aborted) return
      if (failure !== undefined) break
    }
    this.#conclude(search.findings(), failure)
  }

  /** Answers with a failure after which nothing more is to be sent. */
  async #send(part: Segment, body: RequestBody, search: RefusalSearch, before: Promise<void>): Promise<RequestFailure | undefined> {
    const { client, dialect, compression, now } = this.#context
    const plain = body.of(part)
    const { bytes, encoding } = await compressBody(plain, compression)
    await before
    if (this.#aborted) return undefined
    this.#lent ||= bytes === plain
    const documents = part.to - part.from
    const begunMs = now()
    let judgement: Judgement
    try {
      const answering = client.request(dialect.request(bytes, encoding), this.#abort.signal)
      this.#begun.resolve()
      judgement = checkedJudgement(dialect.judge(await answering, documents), documents)
    } catch (error) {
      if (this.#aborted) return undefined
      this.#context.pace.unanswered({ bytes: body.sizeOf(part), begunMs, nowMs: now() })
      return this.#failed(part, { error: RelayError.from(error), whole: true, unanswered: true })
    }
    if (this.#aborted) return undefined
    return this.#take(part, judgement, search, { bytes: body.sizeOf(part), begunMs, nowMs: now() })
  }

  #take(part: Segment, judgement: Judgement, search: RefusalSearch, answered: Answered): RequestFailure | undefined {
    const { pace } = this.#context
    if ('refused' in judgement) {
      if (judgement.tooLarge && part.to - part.from > 1) pace.tooLarge(answered.bytes)
      search.refused({ error: judgement.refused, tooLarge: judgement.tooLarge })
    } else if ('later' in judgement) {
      pace.answered(answered)
      search.taken(true)
      this.#acknowledge(part, judgement.later)
    } else {
      const verdicts = decided(judgement, this.#documents, part, this.#context.doubts)
      const { failure, busy, delivered } = summaryOf(verdicts)
      if (busy) pace.busy(answered)
      else if (failure?.whole !== true) pace.answered(answered)
      if (failure?.whole) return this.#failed(part, failure)
      search.taken(delivered)
      this.#settle(part, verdicts)
      this.#tell(failure, delivered)
    }
    return undefined
  }

  #acknowledge(part: Segment, later: Extract<Judgement, { later: unknown }>['later']): void {
    const settle = (verdicts: Verdicts) => {
      if (this.#aborted) return
      this.#unacknowledged--
      const { failure, delivered } = summaryOf(verdicts)
      this.#settle(part, verdicts)
      // One acknowledgement that does not come says nothing about what is sent next.
      this.#tell(failure && { ...failure, whole: false }, delivered)
      this.#context.onChange(this)
    }
    this.#unacknowledged++
    later(this.#context.client, this.#abort.signal).then(settle, (error: unknown) => settle({ all: { retry: RelayError.from(error) } }))
  }

  #failed(part: Segment, failure: RequestFailure): RequestFailure {
    this.#again(part, failure.error, failure.afterMs)
    this.#tell(failure, false)
    return failure
  }

  #tell(failure: RequestFailure | undefined, delivered: boolean): void {
    if (delivered) this.#context.doubts.delivered()
    this.#context.onAnswer(failure, delivered)
  }

  /** Nothing more is asked: all is known, or there is a failure, or the receiver takes nothing at all. */
  #conclude({ bad, doubtful, left }: Findings, failure: RequestFailure | undefined): void {
    for (const { at, error } of bad) this.#reject(at, error)
    const uncertain = failure === undefined ? this.#judged(doubtful) : doubtful
    if (uncertain.length === 0 && left.length === 0) return
    const because = failure ?? { error: this.#doubt(doubtful), whole: true }
    for (const part of [...uncertain.map(({ at }) => ({ from: at, to: at + 1 })), ...left])
      this.#again(part, because.error, because.afterMs)
    if (failure === undefined) this.#tell(because, false)
  }

  /** Rejects those that are bad after all; answers with the others. */
  #judged(doubtful: readonly Suspect[]): readonly Suspect[] {
    if (doubtful.length === 0) return doubtful
    const names: string[] = []
    for (const { at } of doubtful) this.#documents.forEach({ from: at, to: at + 1 }, (sent, index) => names.push(sent.nameOf(index)))
    const bad = this.#context.doubts.judge(names, this.#documents.count === 1)
    for (const [i, { at, error }] of doubtful.entries()) if (bad[i]) this.#reject(at, error)
    return doubtful.filter((_, i) => !bad[i])
  }

  #doubt(doubtful: readonly Suspect[]): RelayError {
    const cause = doubtful.at(-1)?.error
    const what = doubtful.length === 1 ? 'a message, and has taken no other' : `each of ${doubtful.length} messages that were sent alone`
    return new RelayError('ENDPOINT_REFUSED', `${this.#context.client.name} refuses ${what}: ${cause?.message}`, {
      hint: 'look for a mistake in the settings of the sink or of the receiver; they are sent again, and what is refused alone again and again becomes a dead letter',
      cause,
    })
  }

  #settle(part: Segment, verdicts: Verdicts): void {
    this.#documents.forEach(part, (sent, index, position) => {
      const verdict = verdictAt(verdicts, position - part.from)
      if (verdict === 'delivered') sent.delivered(index)
      else if ('retry' in verdict) sent.again(index, verdict.retry, verdicts.afterMs)
      else sent.rejected(index, verdict.rejected)
    })
  }

  #again(part: Segment, error: RelayError, afterMs?: number): void {
    this.#documents.forEach(part, (sent, index) => sent.again(index, error, afterMs))
  }

  #reject(at: number, error: RelayError): void {
    this.#documents.forEach({ from: at, to: at + 1 }, (sent, index) => sent.rejected(index, error))
  }
}
