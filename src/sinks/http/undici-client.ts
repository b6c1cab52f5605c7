import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { formatHostPort, formatHttpEndpoint, type HttpEndpoint } from '../../config/formats.ts'
import type { HttpSinkConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import { connectionError } from '../connection-errors.ts'
import { answerBody } from './answer-body.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { HttpConnector } from './http-connector.ts'
import { chooseProxy, type HttpProxy } from './proxy-choice.ts'
import { proxyWantsUser } from './proxy-tunnel.ts'
import { RequestHeaders } from './request-headers.ts'

export interface UndiciClientOptions {
  readonly endpoint: HttpEndpoint
  readonly options: Pick<
    HttpSinkConfig,
    'connect_timeout' | 'request_timeout' | 'username' | 'password' | 'headers' | 'tls' | 'proxy' | 'max_requests_in_flight'
  >
  /** Value of Authorization, asked for with each request; in place of username and password. */
  readonly authorization?: () => Promise<string>
  /** Of an answer, decompressed. */
  readonly maxAnswerBytes?: number
}

const cutOffHint =
  'Does the receiver restart, or is there a proxy or load balancer before it that ends connections in the middle of an answer?'

/** Requests to one endpoint over kept connections, one request at a time on each. Nothing is sent a second time by itself. */
export class UndiciClient implements HttpClient {
  readonly name: string
  readonly #endpoint: HttpEndpoint
  readonly #timeoutMs: number
  readonly #maxAnswerBytes: number
  readonly #headers: RequestHeaders
  /** The one that requests are written to as they are: with https:// it only opens a way. */
  readonly #forwarder: HttpProxy | undefined
  readonly #pool: Pool
  readonly #closing = new AbortController()
  readonly #requests = new Set<AbortController>()

  /** Throws CONFIG_INVALID where the proxy that the environment names is none. */
  constructor({ endpoint, options, authorization, maxAnswerBytes = 64 * 2 ** 20 }: UndiciClientOptions) {
    const proxy = chooseProxy(options.proxy, endpoint)
    this.name = formatHttpEndpoint(endpoint)
    this.#endpoint = endpoint
    this.#timeoutMs = options.request_timeout
    this.#maxAnswerBytes = maxAnswerBytes
    this.#forwarder = endpoint.scheme === 'http' ? proxy : undefined
    this.#headers = new RequestHeaders(options, authorization, this.#forwarder)
    const connector = new HttpConnector({ endpoint, tls: options.tls, proxy, timeoutMs: options.connect_timeout, name: this.name })
    this.#pool = new Pool(origin(endpoint), {
      connections: options.max_requests_in_flight,
      pipelining: 1,
      // The time of a request is ours to measure: as a whole.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_target, callback) => {
        connector.open(this.#closing.signal, (socket) => callback(null, socket)).catch((error) => callback(error, null))
      },
    })
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    const ending = new AbortController()
    const stop = () => ending.abort(stopped(signal, this.name))
    const timer = setTimeout(() => ending.abort(this.#tookTooLong()), this.#timeoutMs)
    this.#requests.add(ending)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      return await orReason(this.#exchange(request, ending.signal), ending.signal)
    } catch (error) {
      throw connectionError(error, this.name, 'established')
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      this.#requests.delete(ending)
    }
  }

  async close(): Promise<void> {
    const reason = new RelayError('ENDPOINT_CLOSED', `the connections to ${this.name} are closed`)
    this.#closing.abort(reason)
    for (const request of this.#requests) request.abort(reason)
    await this.#pool.destroy(reason)
  }

  async #exchange({ method, path, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const sent = await this.#headers.of(headers ?? {})
    if (signal.aborted) throw signal.reason
    const target = joinPaths(this.#endpoint.path, path)
    const answer = await this.#pool.request({
      method,
      // Absolute form: RFC 9112 section 3.2.2.
      path: this.#forwarder === undefined ? target : `${origin(this.#endpoint)}${target}`,
      headers: sent,
      body: body ?? null,
      signal,
    })
    const read = { status: answer.statusCode, headers: answer.headers as IncomingHttpHeaders, body: await this.#bodyOf(answer) }
    if (this.#forwarder !== undefined && read.status === 407) throw proxyWantsUser(this.#forwarder)
    return read
  }

  async #bodyOf(answer: Dispatcher.ResponseData): Promise<Buffer> {
    try {
      return await answerBody(answer, this.#maxAnswerBytes, this.name)
    } catch (error) {
      if (error instanceof RelayError) throw error
      const { code, message, hint } = connectionError(error, this.name, 'established')
      throw new RelayError(code, `${message}: its answer was cut off`, { cause: error, hint: hint ?? cutOffHint })
    }
  }

  #tookTooLong(): RelayError {
    const hint = 'Is the receiver overloaded? Raise request_timeout of this sink if it needs longer.'
    return new RelayError('ENDPOINT_CLOSED', `${this.name} did not answer within ${this.#timeoutMs / 1000} s (request_timeout)`, { hint })
  }
}

/** Rejects with the signal's reason as soon as it aborts, whatever the work does then. */
function orReason<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject)
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function stopped({ reason }: AbortSignal, name: string): RelayError {
  return reason instanceof RelayError ? reason : new RelayError('ENDPOINT_CLOSED', `the request to ${name} was stopped`, { cause: reason })
}

function origin({ scheme, host, port }: HttpEndpoint): string {
  return `${scheme}://${formatHostPort({ host, port })}`
}

/** Of an endpoint and a request, each with a query or without: `/base?key=1` and `/_bulk?pretty` are `/base/_bulk?key=1&pretty`. */
function joinPaths(base: string, path: string): string {
  const [basePath, baseQuery] = splitPath(base)
  const [ownPath, ownQuery] = splitPath(path)
  // `/` is the endpoint itself.
  const joined = ownPath === '/' ? basePath : `${basePath.replace(/\/+$/, '')}${ownPath}`
  const query = [baseQuery, ownQuery].filter((part) => part !== '').join('&')
  return `${joined === '' ? '/' : joined}${query === '' ? '' : `?${query}`}`
}

function splitPath(path: string): readonly [path: string, query: string] {
  const at = path.indexOf('?')
  return at === -1 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)]
}
