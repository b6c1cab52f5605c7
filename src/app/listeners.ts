import type { HostPort } from '../config/formats.ts'
import type { Config } from '../config/schema.ts'
import type { Component } from '../core/component.ts'
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

/** The HTTP listeners on TCP ports, admin and health, which a reload may move. */
export class Listeners implements Component {
  readonly #surroundings: Surroundings
  readonly #servers = new Map<Name, { readonly listen: HostPort; readonly server: HttpServer }>()
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
    const wanted = new Map<Name, { readonly listen: HostPort; readonly server: HttpServer }>()
    if (this.#moves('admin', admin))
      wanted.set('admin', { listen: admin, server: new AdminServer({ listen: admin, status, metrics, log }) })
    if (health !== undefined && this.#moves('health', health))
      wanted.set('health', { listen: health, server: new HealthServer({ listen: health, status, log }) })
    await startAll([...wanted.values()].map(({ server }) => server))
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

/** All or none. */
async function startAll(servers: readonly HttpServer[]): Promise<void> {
  const started: HttpServer[] = []
  try {
    for (const server of servers) {
      await server.start()
      started.push(server)
    }
  } catch (error) {
    for (const server of started) await server.stop(AbortSignal.abort())
    throw error
  }
}
