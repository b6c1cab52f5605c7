import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RelayStatus } from '../core/status.ts'
import { requestUrl } from './admin-routes.ts'
import { sendError, sendJson } from './answers.ts'
import { bindPrivately, claimSocketPath, controlSocketPath } from './control-socket.ts'
import { HttpListener } from './http-listener.ts'
import { streamMessages } from './message-stream.ts'

export interface ControlServerOptions {
  readonly dataDir: string
  readonly status: () => RelayStatus
  /** Waiting batches of a pipeline, from a message's number on; undefined when there is no such pipeline. */
  readonly browse: (pipeline: string, from: Seq, signal: AbortSignal) => AsyncIterable<StoredBatch> | undefined
  /** Begins to drain the relay and then to end it, as SIGTERM does. */
  readonly drain: () => void | Promise<void>
  readonly log: Logger
}

/**
 * HTTP over a unix socket that only our user can open: what the commands `status`, `queue` and `drain` talk to, and the
 * proof that one relay holds the data directory, so it starts before anything opens a queue.
 *
 * GET /status, GET /queues/:pipeline, GET /queues/:pipeline/messages?from=&limit= (a JSON object a line), POST /drain.
 */
export class ControlServer implements Component {
  readonly #options: ControlServerOptions
  readonly #listener: HttpListener
  readonly #stopping = new AbortController()

  constructor(options: ControlServerOptions) {
    this.#options = options
    const path = this.path
    this.#listener = new HttpListener({
      handler: (request, response) => this.#route(request, response),
      bind: (server) => bindPrivately(server, path),
      bindError: (cause) => new RelayError(...describeBindError(path, cause)),
      maxConnections: 32,
      idleTimeoutMs: 0,
      log: options.log.child({ listener: 'control' }),
    })
  }

  get path(): string {
    return controlSocketPath(this.#options.dataDir)
  }

  async start(): Promise<void> {
    await claimSocketPath(this.path, this.#options.log)
    await this.#listener.start()
  }

  /** Node.js removes the socket with the listener. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort()
    await this.#listener.stop(deadline)
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request)
    const [, first, name, rest, ...more] = url?.pathname.split('/') ?? []
    if (url === undefined || more.length > 0) return notFound(response)
    if (first === 'drain' && name === undefined) {
      if (allow(request, response, 'POST')) this.#drain(response)
    } else if (first === 'status' && name === undefined) {
      if (allow(request, response, 'GET')) sendJson(response, 200, this.#options.status())
    } else if (first === 'queues' && name !== undefined && (rest === undefined || rest === 'messages')) {
      if (allow(request, response, 'GET')) await this.#queue(decode(name), rest === 'messages' ? url.searchParams : undefined, response)
    } else {
      notFound(response)
    }
  }

  #drain(response: ServerResponse): void {
    const { drain, log } = this.#options
    sendJson(response, 202, { draining: true })
    const begin = async () => drain()
    begin().catch((error: unknown) => log.error({ error: RelayError.from(error) }, 'draining failed'))
  }

  async #queue(pipeline: string, browse: URLSearchParams | undefined, response: ServerResponse): Promise<void> {
    const { pipelines } = this.#options.status()
    if (!Object.hasOwn(pipelines, pipeline)) return unknownPipeline(response, pipeline, Object.keys(pipelines))
    if (browse === undefined) return sendJson(response, 200, pipelines[pipeline])
    const from = wholeNumber(browse.get('from'), 0)
    const limit = wholeNumber(browse.get('limit'), Number.MAX_SAFE_INTEGER)
    if (from === undefined || limit === undefined) return sendError(response, 400, 'from and limit must be whole numbers of 0 and above')
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal])
    const batches = this.#options.browse(pipeline, from, signal)
    if (batches === undefined) return unknownPipeline(response, pipeline, Object.keys(pipelines))
    await streamMessages(batches, { from, limit }, response, signal)
  }
}

function allow(request: IncomingMessage, response: ServerResponse, method: string): boolean {
  if (request.method === method) return true
  response.setHeader('Allow', method)
  sendError(response, 405, `only ${method} is answered here`)
  return false
}

function notFound(response: ServerResponse): void {
  sendError(response, 404, 'not found')
}

function unknownPipeline(response: ServerResponse, name: string, known: readonly string[]): void {
  const hint = known.length === 0 ? 'there is none yet' : `there is ${known.join(', ')}`
  sendError(response, 404, new RelayError('PIPELINE_UNKNOWN', `there is no pipeline ${JSON.stringify(name)}`, { hint }))
}

/** A path's part; what is not well encoded names nothing that exists. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function wholeNumber(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback
  const value = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}

function describeBindError(path: string, cause: NodeJS.ErrnoException): ConstructorParameters<typeof RelayError> {
  // Nothing was there a moment ago: another relay was faster.
  if (cause.code === 'EADDRINUSE') return ['DATA_DIR_IN_USE', `another relay has just made ${path}`, { cause }]
  return ['DATA_DIR_UNUSABLE', `the control socket ${path} cannot be made: ${cause.message}`, { cause }]
}
