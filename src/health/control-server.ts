import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Seq, StoredBatch } from '../core/batch.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RelayStatus } from '../core/status.ts'
import { requestUrl } from './admin-routes.ts'
import { sendError, sendJson } from './answers.ts'
import { allow, decode, notFound, unknownPipeline, whileAsked, wholeNumber } from './control-route.ts'
import { bindPrivately, claimSocketPath, controlSocketPath, readOnlyHint } from './control-socket.ts'
import { HttpListener } from './http-listener.ts'
import { type LetterOffice, LetterRoutes } from './letter-routes.ts'
import { streamMessages } from './message-stream.ts'

export interface ControlServerOptions {
  readonly dataDir: string
  readonly status: () => RelayStatus
  /** Waiting batches of a pipeline, from a message's number on; undefined when there is no such pipeline. */
  readonly browse: (pipeline: string, from: Seq, signal: AbortSignal) => AsyncIterable<StoredBatch> | undefined
  readonly letters: LetterOffice
  /** Begins to drain the relay and then to end it, as SIGTERM does. */
  readonly drain: () => void | Promise<void>
  readonly log: Logger
}

/**
 * HTTP over a unix socket that only our user can open: what the commands `status`, `queue`, `deadletter` and `drain` talk to, and the
 * proof that one relay holds the data directory, so it starts before anything opens a queue.
 *
 * GET /status, GET /queues/:pipeline, GET /queues/:pipeline/messages?from=&limit= (a JSON object a line), POST /drain,
 * and below /deadletters what letter-routes.ts says.
 */
export class ControlServer implements Component {
  readonly #options: ControlServerOptions
  readonly #listener: HttpListener
  readonly #stopping = new AbortController()
  readonly #letters: LetterRoutes

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#letters = new LetterRoutes(options.letters, this.#stopping.signal)
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
    if (url === undefined) return notFound(response)
    const [, first, ...parts] = url.pathname.split('/')
    if (first === 'deadletters') return await this.#letters.route(parts, url.searchParams, request, response)
    const [name, rest, ...more] = parts
    if (more.length > 0) return notFound(response)
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
    const unknown = () => sendError(response, 404, unknownPipeline(pipeline, Object.keys(pipelines)))
    if (!Object.hasOwn(pipelines, pipeline)) return unknown()
    if (browse === undefined) return sendJson(response, 200, pipelines[pipeline])
    const from = wholeNumber(browse.get('from'), 0)
    const limit = wholeNumber(browse.get('limit'), Number.MAX_SAFE_INTEGER)
    if (from === undefined || limit === undefined) return sendError(response, 400, 'from and limit must be whole numbers of 0 and above')
    // A relay that is drained, or a pipeline that is being replaced: an empty answer would say that nothing waits.
    if (pipelines[pipeline]?.queue.condition === 'closed') return sendError(response, 409, closedQueue(pipeline))
    const signal = whileAsked(response, this.#stopping.signal)
    const batches = this.#options.browse(pipeline, from, signal)
    if (batches === undefined) return unknown()
    await streamMessages(batches, { from, limit }, response, signal)
  }
}

function closedQueue(pipeline: string): RelayError {
  const hint = 'ask again when the pipeline runs, or when the relay has ended: then the queue is read on disk'
  return new RelayError('QUEUE_CLOSED', `the queue of pipeline ${pipeline} is closed`, { hint })
}

function describeBindError(path: string, cause: NodeJS.ErrnoException): ConstructorParameters<typeof RelayError> {
  // Nothing was there a moment ago: another relay was faster.
  if (cause.code === 'EADDRINUSE') return ['DATA_DIR_IN_USE', `another relay has just made ${path}`, { cause }]
  const hint = cause.code === 'EROFS' ? { hint: readOnlyHint } : {}
  return ['DATA_DIR_UNUSABLE', `the control socket ${path} cannot be made: ${cause.message}`, { cause, ...hint }]
}
