import type { ListeningSourceConfig } from '../config/schema.ts'
import type { Transport } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Intake } from '../core/intake.ts'
import type { Logger } from '../core/logger.ts'
import type { Listening, Source, SourceStats } from '../core/source.ts'
import type { ServerTls } from '../tls/server-tls.ts'
import { Collector } from './collector.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import { type ListenPlan, planAddresses } from './listen-addresses.ts'
import { relpProtocol } from './relp-session.ts'
import { newSourceCounters, type SourceCounters } from './source-counters.ts'
import { syslogProtocol } from './stream-protocol.ts'
import { StreamSource } from './stream-source.ts'
import type { UdpPorts } from './udp-port.ts'
import { UdpReceiver } from './udp-receiver.ts'
import { UdpSource } from './udp-source.ts'

export interface ListeningSourceOptions {
  readonly intake: Intake
  readonly logger: Logger
  /** Started; needed when `transports` has tls. */
  readonly tls?: ServerTls | undefined
  /** Connections that the sources of all pipelines may hold together. */
  readonly budget?: ConnectionBudget | undefined
  /** Who reads the UDP ports of all pipelines. Default: the source has one of its own. */
  readonly udpPorts?: UdpPorts | undefined
  /** Time for a peer to read its answers, and to go when all is said. Default: half a minute. */
  readonly answerTimeoutMs?: number | undefined
}

/** With port 0 the system chooses for one protocol, and the other may find that number taken. */
const portTries = 10

/** A source that others connect to: syslog over UDP, TCP and TLS, or RELP over TCP and TLS, on one port number. */
export class ListeningSource implements Source {
  readonly #config: ListeningSourceConfig
  readonly #tls: ServerTls | undefined
  readonly #counters: SourceCounters = newSourceCounters()
  readonly #collector: Collector
  readonly #stream: StreamSource | undefined
  readonly #udp: UdpSource | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(config: ListeningSourceConfig, { intake, logger, tls, budget, udpPorts, answerTimeoutMs }: ListeningSourceOptions) {
    this.#config = config
    this.#tls = tls
    this.#collector = new Collector({ intake, logger, onRelief: () => this.#stream?.relieve() })
    const shared = { intake, logger, collector: this.#collector, counters: this.#counters }
    if (config.transports.some((transport) => transport !== 'udp')) {
      const protocol =
        config.type === 'relp' ? relpProtocol(config, this.#counters, this.#collector) : syslogProtocol(config, this.#counters)
      this.#stream = new StreamSource(config, { ...shared, protocol, tls, budget, answerTimeoutMs })
    }
    if (config.type === 'syslog' && config.transports.includes('udp')) {
      this.#udp = new UdpSource(config, { ...shared, ports: udpPorts ?? new UdpReceiver({ logger }) })
    }
  }

  /** Rejects with PORT_IN_USE, PORT_UNAVAILABLE or TLS_MATERIAL. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline)
    return this.#stopping
  }

  async block(): Promise<void> {
    this.#stream?.block()
  }

  async unblock(): Promise<void> {
    if (this.#stopping === undefined) await this.#stream?.unblock()
  }

  async leave(deadline: AbortSignal, stragglers: AbortSignal): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await Promise.all([this.#stream?.leave(deadline, { patient: !stragglers.aborted }), this.#udp?.quiet(stragglers)])
  }

  stats(): SourceStats {
    const { framing, accepted, healthChecks, refused, proxied, tlsFailures, tlsEofs, idleTimeouts, aged } = this.#counters
    const connections = this.#stream?.connections ?? 0
    return {
      ...framing,
      listening: this.#listening(),
      connections,
      accepted,
      healthChecks,
      refused: { ...refused },
      proxied,
      tlsFailures,
      tlsEofs,
      idleTimeouts,
      aged,
    }
  }

  async #start(): Promise<void> {
    const { host, port } = this.#config
    if (port === undefined) throw new RelayError('INTERNAL', 'a source was made without its port')
    if (this.#config.transports.some((transport) => transport === 'tls') && this.#tls === undefined)
      throw new RelayError('INTERNAL', 'a TLS source was made without certificates')
    const plan = await planAddresses(host)
    for (let tries = 1; ; tries++) {
      try {
        return await this.#open(plan, port)
      } catch (error) {
        const unlucky = port === 0 && tries < portTries && error instanceof RelayError && error.code === 'PORT_IN_USE'
        if (!unlucky) throw error
      }
    }
  }

  /** TCP first: where both fail, its message is the one that people search for. */
  async #open(plan: ListenPlan, port: number): Promise<void> {
    const number = (await this.#stream?.open(plan, port)) ?? port
    try {
      await this.#udp?.open(plan, number)
    } catch (error) {
      this.#stream?.close()
      throw error
    }
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    // A start that failed has told whoever called it.
    await this.#starting?.catch(() => undefined)
    await this.#stream?.stop(deadline)
    await this.#udp?.stop(deadline)
    await this.#collector.stop(deadline)
  }

  #listening(): Listening[] {
    const transports: readonly Transport[] = this.#config.transports
    const stream = this.#stream?.listening
    const open = [...(this.#udp?.listening ?? []), ...(stream?.addresses ?? []).map((address) => ({ address, port: stream?.port ?? 0 }))]
    return [...new Map(open.map((bound) => [bound.address, bound])).values()].map(({ address, port }) => ({
      transports: transports.filter((transport) =>
        transport === 'udp' ? this.#udp?.listening.some((bound) => bound.address === address) : stream?.addresses.includes(address),
      ),
      address,
      port,
    }))
  }
}
