import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '../core/logger.ts'
import { bindAll, bindError, type ListenPlan } from './listen-addresses.ts'
import { LogLimit } from './log-limit.ts'

export interface TcpListenerOptions {
  readonly logger: Logger
  readonly onConnection: (socket: Socket) => void
  /** How long to wait before a port that was taken meanwhile is tried again. */
  readonly retryMs?: number
}

// Enough for all devices of a site to come back in the same second; the system's somaxconn may grant less.
const backlog = 4096
const keepAliveMs = 60_000

/** The listening TCP sockets of one source: all addresses, one number, closed and opened again without touching connections. */
export class TcpListener {
  readonly #options: TcpListenerOptions
  readonly #errors = new LogLimit()
  #plan: ListenPlan | undefined
  #port = 0
  #servers: Server[] = []
  #wanted = false
  #retry: NodeJS.Timeout | undefined
  #binding: Promise<void> | undefined

  constructor(options: TcpListenerOptions) {
    this.#options = options
  }

  /** Addresses that are open now. */
  get addresses(): string[] {
    return this.#servers.map((server) => (server.address() as { address: string }).address)
  }

  get port(): number {
    return this.#port
  }

  /** Resolves with the port, which the system chose if `port` is 0. Rejects with PORT_IN_USE or PORT_UNAVAILABLE. */
  async open(plan: ListenPlan, port: number): Promise<number> {
    this.#plan = plan
    this.#port = port
    this.#wanted = true
    try {
      await this.#listen(plan)
    } catch (error) {
      this.#port = port
      this.close()
      throw bindError(error, 'TCP', plan.host, port)
    }
    return this.#port
  }

  /** From now on the system refuses connections; those that are open stay. */
  close(): void {
    this.#wanted = false
    clearTimeout(this.#retry)
    for (const server of this.#servers) server.close()
    this.#servers = []
  }

  /** Opens the same number again. Never rejects: a port that another program took meanwhile is tried until it is free. */
  async reopen(): Promise<void> {
    if (this.#wanted || this.#plan === undefined) return
    this.#wanted = true
    await this.#tryAgain(this.#plan)
  }

  async #tryAgain(plan: ListenPlan): Promise<void> {
    try {
      await this.#listen(plan)
    } catch (cause) {
      if (!this.#wanted) return
      const error = bindError(cause, 'TCP', plan.host, this.#port)
      if (this.#errors.admit(error.code) !== undefined) {
        const fields = { code: error.code, hint: error.hint }
        this.#options.logger.error(fields, `the port cannot be opened again, trying on until it can: ${error.message}`)
      }
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => void this.#tryAgain(plan), this.#options.retryMs ?? 1000)
    }
  }

  /** One bind at a time: a second one would find the port taken by the first. */
  #listen(plan: ListenPlan): Promise<void> {
    this.#binding ??= this.#bindPlan(plan).finally(() => {
      this.#binding = undefined
    })
    return this.#binding
  }

  async #bindPlan(plan: ListenPlan): Promise<void> {
    const servers = await bindAll(
      plan,
      (address) => this.#bind(address),
      (server) => server.close(),
    )
    // Closed while the bind was under way.
    if (this.#wanted) this.#servers = servers
    else for (const server of servers) server.close()
  }

  #bind(address: string): Promise<Server> {
    // highWaterMark 1: a paused connection holds one chunk in our memory and leaves the rest to its sender's kernel.
    const server = createServer({ allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, highWaterMark: 1 })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port: this.#port, backlog }, () => {
        this.#port = (server.address() as { port: number }).port
        server.off('error', reject)
        server.on('error', (error) => this.#acceptFailed(error))
        server.on('connection', this.#options.onConnection)
        resolve(server)
      })
    })
  }

  /** accept() failed, for want of file descriptors as a rule: the connection waits in the backlog. */
  #acceptFailed(error: Error): void {
    if (this.#errors.admit(error.message) === undefined) return
    this.#options.logger.error({ err: error }, 'connections cannot be accepted; if files ran out, raise LimitNOFILE')
  }
}
