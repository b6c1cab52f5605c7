import { freePort } from './free-port.ts'
import { type HaproxyOptions, PoolHaproxy } from './pool-haproxy.ts'
import { PoolRelay } from './pool-relay.ts'
import { balancerAddress, type NodeOptions, type PoolNode, type PoolPorts } from './pool-relay-config.ts'
import { PoolRelpSender } from './pool-relp-sender.ts'
import { PoolStreamSender } from './pool-stream-sender.ts'
import { type PoolLane, PoolUpstream } from './pool-upstream.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

const names = ['relay-1', 'relay-2', 'relay-3']

export interface PoolOptions extends HaproxyOptions, NodeOptions {}

/** Three relays with the same pipelines behind HAProxy, the upstream behind them, and the senders in front. */
export class Pool {
  readonly ports: PoolPorts
  readonly upstream: PoolUpstream
  readonly relays: readonly PoolRelay[]
  readonly haproxy: PoolHaproxy
  readonly streams: PoolStreamSender[] = []
  readonly relps: PoolRelpSender[] = []
  readonly #room: Room

  private constructor(room: Room, parts: Pick<Pool, 'ports' | 'upstream' | 'relays' | 'haproxy'>) {
    this.#room = room
    this.ports = parts.ports
    this.upstream = parts.upstream
    this.relays = parts.relays
    this.haproxy = parts.haproxy
  }

  static async open(room: Room, options: PoolOptions = {}): Promise<Pool> {
    const ports = { nginx: await freePort(), relp: await freePort(), health: await freePort() }
    const upstream = await PoolUpstream.open(room, names.length)
    const nodes: PoolNode[] = []
    for (const [i, name] of names.entries()) {
      const { port: upstreamPort } = upstream.lanes[i] as PoolLane
      const adminPort = await freePort()
      nodes.push({ name, address: `127.0.0.${11 + i}`, dataDir: room.path(name), ports, adminPort, upstreamPort })
    }
    const relays = await Promise.all(nodes.map((node) => PoolRelay.start(room, node, options)))
    const haproxy = await PoolHaproxy.start(room, ports, nodes, options)
    return new Pool(room, { ports, upstream, relays, haproxy })
  }

  get nodes(): PoolNode[] {
    return this.relays.map(({ node }) => node)
  }

  relay(number: 1 | 2 | 3): PoolRelay {
    return this.relays[number - 1] as PoolRelay
  }

  lane(number: 1 | 2 | 3): PoolLane {
    return this.upstream.lanes[number - 1] as PoolLane
  }

  /** Adds senders over TCP and TLS, each from an address of its own, through HAProxy. */
  addStreams(transport: 'tcp' | 'tls', count: number, rate: number, perConnection?: number): PoolStreamSender[] {
    const to = { transport, rate, perConnection, host: balancerAddress, port: this.ports.nginx }
    return Array.from({ length: count }, () => this.addStream({ name: `${transport}-${this.streams.length + 1}`, ...to }))
  }

  addStream(options: Omit<PoolStreamSender['options'], 'address'>): PoolStreamSender {
    const sender = new PoolStreamSender({ ...options, address: this.#clientAddress() })
    this.#room.closing(() => sender.abandon())
    this.streams.push(sender)
    return sender
  }

  /** Adds instances of rsyslog, each from an address of its own, that send over RELP through HAProxy. */
  async addRelps(count: number, rate: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = `relp-${this.relps.length + 1}`
      const options = { name, host: balancerAddress, port: this.ports.relp, address: this.#clientAddress(), rate }
      this.relps.push(await PoolRelpSender.open(this.#room, options))
    }
  }

  /** Starts all senders and waits until something of each has arrived. */
  async underLoad(): Promise<void> {
    for (const sender of [...this.streams, ...this.relps]) sender.start()
    await this.flowing()
  }

  /** Waits until something that is not sent yet has arrived of each sender. */
  async flowing(senders = [...this.streams, ...this.relps]): Promise<void> {
    const marks = senders.map((sender) => ({ sender, from: sender.sent }))
    const behind = () => marks.filter(({ sender, from }) => !this.#arrivedSince(sender, from))
    await until(
      () => `messages of ${behind().map(({ sender }) => sender.options.name)} to flow`,
      () => behind().length === 0,
      30_000,
    )
  }

  /**
   * Stops the senders in order, waits until rsyslog's messages have arrived, and drains the relays. Throws where one of
   * them keeps messages, or a ledger does not balance.
   */
  async settle(): Promise<void> {
    await Promise.all(this.relps.map((sender) => sender.finish()))
    await this.#finishStreams()
    const missing = () =>
      this.relps
        .map(({ sent, options }) => ({ name: options.name, count: sent - this.upstream.arrivals.of(options.name).distinct }))
        .filter(({ count }) => count > 0)
    await until(
      () => `messages over RELP, which may not be lost: ${missing().map(({ name, count }) => `${count} of ${name}`)}`,
      () => missing().length === 0,
      30_000,
    )
    await Promise.all(this.relays.map((relay) => relay.drain()))
    for (const relay of this.relays) {
      const queued = await relay.queued()
      if (queued > 0) throw new Error(`${relay.name} is drained and holds ${queued} messages`)
    }
  }

  async #finishStreams(): Promise<void> {
    const open = new Set(this.streams)
    for (const sender of this.streams) void sender.finish().then(() => open.delete(sender))
    await until(
      () => `the connections of ${[...open].map(({ options }) => options.name)} to be closed`,
      () => open.size === 0,
      30_000,
    )
  }

  async untilServers(node: string, status: 'UP' | 'DOWN'): Promise<void> {
    for (const listener of ['nginx', 'relp'] as const) await this.haproxy.untilServer(listener, node, status)
  }

  #arrivedSince(sender: PoolStreamSender | PoolRelpSender, from: number): boolean {
    const arrivals = this.upstream.arrivals.of(sender.options.name)
    for (let number = from; number < sender.sent; number++) if (arrivals.has(number)) return true
    return false
  }

  #clientAddress(): string {
    return `127.0.1.${this.streams.length + this.relps.length + 1}`
  }
}
