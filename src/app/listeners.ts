import { formatHostPort, type HostPort } from '../config/formats.ts'
import type { Config } from '../config/schema.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RelayStatus } from '../core/status.ts'
import type { MetricsText } from '../health/admin-routes.ts'
import { AdminServer, HealthServer } from '../health/admin-server.ts'

interface Surroundings {
  readonly status: () => RelayStatus
  readonly metrics: MetricsText
  readonly logger: Logger
}

type Name = 'admin' | 'health'
type HttpServer = Component & { readonly address: HostPort | undefined }

interface Listener {
  readonly listen: HostPort
  readonly server: HttpServer
}

/** The HTTP listeners on TCP ports, admin and health, which a reload may move. */
export class Listeners implements Component {
  readonly #surroundings: Surroundings
  readonly #servers = new Map<Name, Listener>()
  readonly #config: Config

  constructor(config: Config, surroundings: Surroundings) {
    this.#config = config
    this.#surroundings = surroundings
  }

  get adminAddress(): HostPort | undefined {
    return this.#servers.get('admin')?.server.address
  }

  async start(): Promise<void> {
    await this.adopt(this.#config)
  }

  async stop(deadline: AbortSignal): Promise<void> {
    for (const { server } of this.#servers.values()) await server.stop(deadline)
    this.#servers.clear()
  }

  /** Moves the listeners whose address changed. Rejects with PORT_IN_USE or PORT_UNAVAILABLE; the old ones then all go on. */
  async adopt(config: Config): Promise<void> {
    const { status, metrics, logger: log } = this.#surroundings
    const admin = config.admin.listen
    const health = config.health?.listen
    const wanted = new Map<Name, Listener>()
    if (this.#moves('admin', admin))
      wanted.set('admin', { listen: admin, server: new AdminServer({ listen: admin, status, metrics, log }) })
    if (health !== undefined && this.#moves('health', health))
      wanted.set('health', { listen: health, server: new HealthServer({ listen: health, status, log }) })
    const held = new Set([...this.#servers.values()].map(({ server }) => server.address?.port))
    await startAll([...wanted.values()], held)
    const leaving = [...this.#servers].filter(([name]) => wanted.has(name) || (name === 'health' && health === undefined))
    for (const [name] of leaving) this.#servers.delete(name)
    for (const [name, one] of wanted) this.#servers.set(name, one)
    await Promise.all(leaving.map(([, { server }]) => server.stop(AbortSignal.timeout(1000))))
  }

  #moves(name: Name, { host, port }: HostPort): boolean {
    const now = this.#servers.get(name)?.listen
    return now?.host !== host || now.port !== port
  }
}

/** All or none. `held`: the ports that we listen on ourselves. */
async function startAll(listeners: readonly Listener[], held: ReadonlySet<number | undefined>): Promise<void> {
  const started: HttpServer[] = []
  try {
    for (const { listen, server } of listeners) {
      await server.start().catch((error: unknown) => {
        throw held.has(listen.port) ? ownPort(listen, error) : error
      })
      started.push(server)
    }
  } catch (error) {
    for (const server of started) await server.stop(AbortSignal.abort())
    throw error
  }
}

/** The new listener is opened before the old one is closed, so an address that contains the old one on its port is taken by ourselves. */
function ownPort(listen: HostPort, cause: unknown): unknown {
  if (!(cause instanceof RelayError) || cause.code !== 'PORT_IN_USE') return cause
  const hint = 'restart the relay for that, or choose another port'
  return new RelayError('PORT_IN_USE', `cannot move to ${formatHostPort(listen)} while the relay itself listens on that port`, {
    cause,
    hint,
  })
}
