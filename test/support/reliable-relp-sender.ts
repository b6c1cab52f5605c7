import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { RelpFrame } from '../../src/protocols/relp-frames.ts'
import { isRelpOk } from '../../src/protocols/relp-session.ts'
import { gone } from './relay-senders.ts'
import { RelpClient, relpOffers } from './relp-client.ts'

const window = 1000
const retryMs = 50

/** Sends numbered messages over RELP and keeps each until it is acknowledged: a new connection begins with the oldest that is not. */
export class ReliableRelpSender {
  readonly acknowledged = new Set<number>()
  /** Sessions that were opened. */
  sessions = 0
  readonly #to: { readonly host: string; readonly port: number }
  readonly #count: number
  readonly #messageOf: (index: number) => string

  constructor(to: { readonly host: string; readonly port: number }, count: number, messageOf: (index: number) => string) {
    this.#to = to
    this.#count = count
    this.#messageOf = messageOf
  }

  /** Resolves when every message is acknowledged. */
  async run(): Promise<void> {
    while (this.acknowledged.size < this.#count) {
      const socket = connect(this.#to).on('error', () => undefined)
      const ended = gone(socket)
      await Promise.race([once(socket, 'connect').catch(() => undefined), ended])
      if (socket.destroyed) {
        await delay(retryMs)
      } else {
        await this.#converse(socket)
        socket.destroy()
        await ended
      }
    }
  }

  async #converse(socket: ReturnType<typeof connect>): Promise<void> {
    // Transaction 1 opens the session, 2 is the first of these.
    const sent: number[] = []
    let answers = 0
    const onFrame = ({ txnr, command, data }: RelpFrame) => {
      if (command !== 'rsp') return
      answers++
      if (txnr > 1 && isRelpOk(data)) this.acknowledged.add(sent[txnr - 2] as number)
    }
    const client = new RelpClient(socket, onFrame)
    this.sessions++
    client.send(1, 'open', relpOffers)
    await client.until(() => answers === 1)
    for (let index = 0; index < this.#count && !client.ended; index++) {
      if (this.acknowledged.has(index)) continue
      sent.push(index)
      client.send(sent.length + 1, 'syslog', this.#messageOf(index))
      await client.until(() => sent.length - answers < window)
    }
    await client.until(() => this.acknowledged.size === this.#count)
  }
}
