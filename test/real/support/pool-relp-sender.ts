import { setTimeout as sleep } from 'node:timers/promises'
import { poolMessage } from './pool-message.ts'
import type { Room } from './room.ts'
import { Rsyslog } from './rsyslog.ts'

const feedEveryMs = 50

export interface RelpSenderOptions {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly address: string
  readonly rate: number
}

/**
 * A real rsyslog that sends over RELP from a queue in its memory and tries for ever. This process feeds it, at a steady rate:
 * what it was fed is what it sends.
 */
export class PoolRelpSender {
  readonly options: RelpSenderOptions
  readonly #rsyslog: Rsyslog
  sent = 0
  #sending = false
  #feeding: Promise<void> = Promise.resolve()

  private constructor(options: RelpSenderOptions, rsyslog: Rsyslog) {
    this.options = options
    this.#rsyslog = rsyslog
  }

  static async open(room: Room, options: RelpSenderOptions): Promise<PoolRelpSender> {
    const { name, host, port, address } = options
    const rsyslog = await Rsyslog.start(room, {
      name,
      inputs: 'module(load="omrelp")',
      actions: `action(type="omrelp" target="${host}" port="${port}" template="message" localClientIP="${address}"
        timeout="5" conn.timeout="2" action.resumeRetryCount="-1" action.resumeInterval="1"
        queue.type="LinkedList" queue.size="200000" queue.workerThreads="1")`,
    })
    const sender = new PoolRelpSender(options, rsyslog)
    room.closing(() => sender.finish())
    return sender
  }

  /** Feeds so many at once: rsyslog sends them as fast as it can. */
  async feed(count: number): Promise<void> {
    const from = this.sent
    this.sent += count
    await this.#rsyslog.feed(Array.from({ length: count }, (_, i) => poolMessage(this.options.name, from + i)))
  }

  start(): void {
    this.#sending = true
    this.#feeding = this.#feedSteadily()
    // Whoever finishes it is told.
    this.#feeding.catch(() => {})
  }

  /** Feeds no more; what rsyslog holds it goes on sending. */
  async finish(): Promise<void> {
    this.#sending = false
    await this.#feeding
  }

  async #feedSteadily(): Promise<void> {
    const portion = Math.round((this.options.rate * feedEveryMs) / 1000)
    while (this.#sending) await Promise.all([this.feed(portion), sleep(feedEveryMs)])
  }
}
