import { EventEmitter, once } from 'node:events'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/sinks/http/http-client.ts'

/** What a test answers with: a status, with a body where there is one to say. */
export interface ScriptedAnswer {
  readonly status: number
  readonly headers?: HttpAnswer['headers']
  readonly body?: string
}

/** A request that the client was given. */
export interface GivenRequest {
  readonly request: HttpRequest
  readonly signal: AbortSignal
  /** Its body as it was before compression, as text. */
  readonly text: string
  /** Undefined while it is in flight. */
  outcome: 'answered' | 'failed' | 'aborted' | undefined
  answer(answer: ScriptedAnswer | number): void
  fail(error: Error): void
}

/** What comes of a request: an answer, its status alone, an error, or undefined where the test answers it later or never. */
export type AnswerScript = (given: GivenRequest, index: number) => ScriptedAnswer | number | Error | undefined

/** An HTTP client in memory whose answers the test decides. Answers come in a later turn, in the order of the requests. */
export class ScriptedHttpClient implements HttpClient {
  readonly name: string
  readonly requests: GivenRequest[] = []
  /** The most that were in flight at a time. */
  mostInFlight = 0
  closed = 0
  /** An abort is not heard: the request hangs. */
  deaf = false
  script: AnswerScript
  readonly #changes = new EventEmitter().setMaxListeners(0)

  constructor(script: AnswerScript = () => 200, name = 'http://receiver.test:8080') {
    this.script = script
    this.name = name
  }

  get texts(): string[] {
    return this.requests.map(({ text }) => text)
  }

  get inFlight(): GivenRequest[] {
    return this.requests.filter(({ outcome }) => outcome === undefined)
  }

  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const end = (outcome: NonNullable<GivenRequest['outcome']>, settle: () => void) => {
        if (given.outcome !== undefined) return
        given.outcome = outcome
        setImmediate(settle)
        this.#changes.emit('change')
      }
      const given: GivenRequest = {
        request,
        signal,
        text: textOf(request),
        outcome: undefined,
        answer: (answer) => end('answered', () => resolve(httpAnswer(answer))),
        fail: (error) => end('failed', () => reject(error)),
      }
      const abort = () => this.deaf || end('aborted', () => reject(signal.reason))
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort)
      this.requests.push(given)
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.length)
      this.#changes.emit('change')
      const scripted = this.script(given, this.requests.length - 1)
      if (scripted instanceof Error) given.fail(scripted)
      else if (scripted !== undefined) given.answer(scripted)
    })
  }

  async close(): Promise<void> {
    this.closed++
  }

  /** Resolves when so many requests were given. */
  async given(count: number): Promise<void> {
    while (this.requests.length < count) await once(this.#changes, 'change')
  }
}

function httpAnswer(answer: ScriptedAnswer | number): HttpAnswer {
  const { status, headers = {}, body = '' }: ScriptedAnswer = typeof answer === 'number' ? { status: answer } : answer
  return { status, headers, body: Buffer.from(body) }
}

function textOf({ headers = {}, body = Buffer.alloc(0) }: HttpRequest): string {
  const encoding = headers['content-encoding']
  if (encoding === 'gzip') return gunzipSync(body).toString()
  return (encoding === 'zstd' ? zstdDecompressSync(body) : body).toString()
}
