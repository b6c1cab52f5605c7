import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatHostPort, type HostPort } from '../config/formats.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RelayStatus } from '../core/status.ts'
import { adminRoutes, healthRoutes, type MetricsText, type Routes, serveRoutes } from './admin-routes.ts'
import { sendError } from './answers.ts'
import { isLocalHost, isLoopback } from './host-check.ts'
import { HttpListener } from './http-listener.ts'

const idleTimeoutMs = 15_000

export interface HealthServerOptions {
  readonly listen: HostPort
  readonly status: () => RelayStatus
  readonly log: Logger
}

export interface AdminServerOptions extends HealthServerOptions {
  readonly metrics: MetricsText
}

/**
 * HTTP on a TCP port: GET /livez, /readyz (?pipeline=name for one), /metrics and /status. It is not authenticated, so
 * nothing here changes state. On loopback it answers only to hosts that can mean this machine (see isLocalHost).
 */
export class AdminServer implements Component {
  readonly #listener: HttpListener
  readonly #host: string

  constructor({ listen, status, metrics, log }: AdminServerOptions) {
    this.#host = listen.host
    this.#listener = listenerOn(listen, 'admin.listen', 64, log, (request, response) =>
      this.#answer(adminRoutes(status, metrics), request, response),
    )
  }

  /** The bound address, once started. */
  get address(): HostPort | undefined {
    return hostPortOf(this.#listener)
  }

  async start(): Promise<void> {
    await this.#listener.start()
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#listener.stop(deadline)
  }

  async #answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // RFC 9110 section 15.5.20: 421 says that we do not speak for the host that was asked.
    if (isLoopback(request.socket.localAddress ?? '') && !isLocalHost(request.headers.host, this.#host)) {
      sendError(response, 421, 'this listener answers to localhost and IP addresses; ask for it by one of them')
    } else {
      await serveRoutes(routes, request, response)
    }
  }
}

/** GET /livez and /readyz alone, under any name, for load balancers on other machines. */
export class HealthServer implements Component {
  readonly #listener: HttpListener

  constructor({ listen, status, log }: HealthServerOptions) {
    const routes = healthRoutes(status)
    this.#listener = listenerOn(listen, 'health.listen', 256, log, (request, response) => serveRoutes(routes, request, response))
  }

  /** The bound address, once started. */
  get address(): HostPort | undefined {
    return hostPortOf(this.#listener)
  }

  async start(): Promise<void> {
    await this.#listener.start()
  }

  async stop(deadline: AbortSignal): Promise<void> {
    await this.#listener.stop(deadline)
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

function listenerOn(listen: HostPort, key: string, maxConnections: number, log: Logger, handler: Handler): HttpListener {
  return new HttpListener({
    handler,
    bind: (server) => server.listen({ host: listen.host, port: listen.port }),
    bindError: (error) => bindError(error, listen, key),
    maxConnections,
    idleTimeoutMs,
    log: log.child({ listener: key }),
  })
}

function bindError(cause: NodeJS.ErrnoException, listen: HostPort, key: string): RelayError {
  const where = formatHostPort(listen)
  if (cause.code === 'EADDRINUSE') {
    const hint = `set ${key} to another address or port, or end the program that listens there: \`ss -ltnp sport = :${listen.port}\` names it`
    return new RelayError('PORT_IN_USE', `another program listens on ${where} (${key})`, { cause, hint })
  }
  const denied = cause.code === 'EACCES' && listen.port < 1024
  const hint = denied
    ? '`logrelay unit --write && systemctl restart logrelay` lets the service open ports below 1024'
    : `${key} must be an address of this machine and a port that its user may open`
  return new RelayError('PORT_UNAVAILABLE', `cannot listen on ${where} (${key}): ${cause.message}`, { cause, hint })
}

function hostPortOf(listener: HttpListener): HostPort | undefined {
  const address = listener.address
  return address === undefined ? undefined : { host: address.address, port: address.port }
}
