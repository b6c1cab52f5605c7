import { setTimeout as pause } from 'node:timers/promises'
import type { LoadedConfig } from '../../config/load.ts'
import { configSchema } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import type { PipelineStatus } from '../../core/status.ts'
import type { Measurement } from '../../planning/sizing-measurement.ts'
import { createLogger } from '../../telemetry/create-logger.ts'
import { Relay } from '../relay.ts'
import { BenchThread, type Load, type Received, type ReceiverCommand, type Sent } from './bench-thread.ts'
import { messageBytes } from './log-lines.ts'

export interface RelayLoad {
  /** Stored while the receiver does not read, to see what they take on disk. They warm everything up as well. */
  readonly storedMessages: number
  readonly seconds: number
}

export type RelayFigures = Pick<
  Measurement,
  | 'seconds'
  | 'messageBytes'
  | 'messages'
  | 'messagesPerSecond'
  | 'cpuMicrosecondsPerMessage'
  | 'storedBytesPerReceivedByte'
  | 'peakMemoryBytes'
>

const pollMs = 10
/** Beyond the load's own time. */
const patienceMs = 60_000
/** The sink's octet counting (RFC 6587) puts the length and a space before each message. */
const frameBytes = `${messageBytes} `.length + messageBytes

/**
 * A relay like any other in this process (TCP in, a queue with durability `always`, TCP out), between a sender and a receiver in
 * threads of their own. Rejects when the signal aborts, and with QUEUE_FAILED when messages stay behind; nothing is left running.
 */
export async function measureRelay(directory: string, load: RelayLoad, signal: AbortSignal): Promise<RelayFigures> {
  const receiver = new BenchThread<ReceiverCommand, Received>('receiver-thread')
  const ending: (() => Promise<void>)[] = [() => receiver.end()]
  try {
    const { port } = await receiver.ask('report', signal)
    const relay = new Relay({ loaded: configuration(directory, port), logger: createLogger({ level: 'error' }), onDrain: () => {} })
    await relay.start()
    ending.push(() => relay.stop(AbortSignal.timeout(1000)))
    const sender = new BenchThread<Load, Sent>('sender-thread', statusOf(relay).source.listening[0]?.port)
    ending.push(() => sender.end())
    const run = new Run(relay, sender, receiver, AbortSignal.any([signal, AbortSignal.timeout(load.seconds * 1000 + patienceMs)]))
    try {
      return await run.measure(load)
    } catch (error) {
      if (signal.aborted || !run.signal.aborted) throw error
      const { reasons, queue } = statusOf(relay)
      const why = reasons[0] ?? `${queue.messages} messages are still queued`
      throw new RelayError('QUEUE_FAILED', `the measurement stands still: ${why}`, { cause: error })
    }
  } finally {
    for (const end of ending.reverse()) await end()
  }
}

function configuration(directory: string, receiverPort: number): LoadedConfig {
  const config = configSchema.parse({
    data_dir: directory,
    admin: { listen: '127.0.0.1:0' },
    sinks: { receiver: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${receiverPort}`] } },
    pipelines: {
      load: {
        source: { type: 'syslog', host: '127.0.0.1', port: 0, transports: ['tcp'] },
        queue: { max_size: '256MiB', durability: 'always' },
        sinks: ['receiver'],
      },
    },
  })
  return { ok: true, file: 'bench-self', builtin: false, config, warnings: [] }
}

function statusOf(relay: Relay): PipelineStatus {
  return relay.status().pipelines.load as PipelineStatus
}

class Run {
  readonly signal: AbortSignal
  readonly #relay: Relay
  readonly #sender: BenchThread<Load, Sent>
  readonly #receiver: BenchThread<ReceiverCommand, Received>
  #sent = 0

  constructor(relay: Relay, sender: BenchThread<Load, Sent>, receiver: BenchThread<ReceiverCommand, Received>, signal: AbortSignal) {
    this.#relay = relay
    this.#sender = sender
    this.#receiver = receiver
    this.signal = signal
  }

  async measure({ storedMessages, seconds }: RelayLoad): Promise<RelayFigures> {
    await this.#receiver.ask('pause', this.signal)
    await this.#send({ messages: storedMessages })
    await this.#until(() => statusOf(this.#relay).queue.messages === storedMessages)
    const storedBytes = statusOf(this.#relay).queue.bytes
    await this.#receiver.ask('resume', this.signal)
    const before = await this.#arrived()
    const senderBefore = (await this.#send({ messages: 0 })).cpuMicroseconds
    const cpuBefore = processCpuMicroseconds()
    const sent = await this.#send({ seconds })
    const after = await this.#arrived()
    const cpu =
      processCpuMicroseconds() - cpuBefore - (sent.cpuMicroseconds - senderBefore) - (after.cpuMicroseconds - before.cpuMicroseconds)
    await this.#until(() => this.#settled())
    return {
      seconds,
      messageBytes,
      messages: sent.messages,
      messagesPerSecond: sent.messages / (Number(after.lastNs - sent.beganNs) / 1e9),
      cpuMicrosecondsPerMessage: cpu / sent.messages,
      storedBytesPerReceivedByte: storedBytes / (storedMessages * messageBytes),
      // KiB (getrusage(2)).
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    }
  }

  async #send(load: Load): Promise<Sent> {
    const sent = await this.#sender.ask(load, this.signal)
    this.#sent += sent.messages
    return sent
  }

  /** The receiver's report when it has everything that was sent so far. */
  async #arrived(): Promise<Received> {
    for (;;) {
      const received = await this.#receiver.ask('report', this.signal)
      if (received.bytes >= this.#sent * frameBytes) return received
      await pause(pollMs, undefined, { signal: this.signal })
    }
  }

  /** The relay's own books say the same: everything was received and delivered. */
  #settled(): boolean {
    const { received, delivered } = statusOf(this.#relay).ledger.sinks.receiver ?? {}
    return received === this.#sent && delivered === this.#sent
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) await pause(pollMs, undefined, { signal: this.signal })
  }
}

function processCpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
