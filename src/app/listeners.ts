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

type HttpServer = Component & { readonly address: HostPort | undefined }

/** The HTTP listeners on TCP ports, admin and health, which a reload may move. */
export class Listeners implements Component {
  readonly #surroundings: Surroundings
  readonly #servers = new Map<'admin' | 'health', { readonly listen: HostPort; readonly server: HttpServer }>()
  #config: Config

  constructor(config: Config, surroundings: Surroundings) {
    this.#config = config
    this.#surroundings = surroundings
  }

  get adminAddress(): HostPort | undefined {
    return this.#servers.get('admin')?.server.address
  }

  async start(): Promise<void> {
    try {
      await this.adopt(this.#config)
    } catch (error) {
      await this.stop(AbortSignal.abort())
      throw error
    }
  }

  async stop(deadline: AbortSignal): Promise<void> {
    for (const { server } of this.#servers.values()) await server.stop(deadline)
    this.#servers.clear()
  }

  /** Moves the listeners whose address changed. Rejects with PORT_IN_USE or PORT_UNAVAILABLE; the old ones then go on. */
  async adopt(config: Config): Promise<void> {
    const { status, metrics, logger: log } = this.#surroundings
    const admin = config.admin.listen
    await this.#replace('admin', admin, () => new AdminServer({ listen: admin, status, metrics, log }))
    const health = config.health?.listen
    await this.#replace('health', health, (listen) => new HealthServer({ listen, status, log }))
    this.#config = config
  }

  async #replace(name: 'admin' | 'health', listen: HostPort | undefined, build: (listen: HostPort) => HttpServer): Promise<void> {
    const old = this.#servers.get(name)
    if (old !== undefined && old.listen.host === listen?.host && old.listen.port === listen.port) return
    if (listen !== undefined) {
      const server = build(listen)
      await server.start()
      this.#servers.set(name, { listen, server })
    } else {
      this.#servers.delete(name)
    }
    await old?.server.stop(AbortSignal.timeout(1000))
  }
}
