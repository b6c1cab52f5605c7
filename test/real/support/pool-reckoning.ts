import type { PoolRelay } from './pool-relay.ts'
import type { Pool } from './pool-room.ts'
import type { PoolStreamSender } from './pool-stream-sender.ts'

/** A message that a sender gave to its kernel and that never arrived. */
export interface Loss {
  readonly sender: PoolStreamSender
  readonly number: number
  readonly connection: number
  /** The node that its connection led to, as the other messages of that connection show. */
  readonly node: string
  /** Nothing behind it on its connection arrived: it was under way when the connection ended. */
  readonly atTheEnd: boolean
}

/**
 * The end of a scenario: the senders finish, everything is delivered and checked, and the relays stop in order. Throws
 * where a message is lost that may not be.
 */
export async function reckon(pool: Pool, mayLose: (loss: Loss) => boolean = () => false): Promise<Reckoning> {
  await pool.settle()
  const reckoning = new Reckoning(pool)
  await reckoning.check(mayLose)
  await Promise.all(pool.relays.map((relay) => relay.stop()))
  return reckoning
}

/** What was sent, what arrived, what is lost and where. */
export class Reckoning {
  readonly #pool: Pool
  readonly losses: readonly Loss[]

  constructor(pool: Pool) {
    this.#pool = pool
    this.losses = pool.streams.flatMap((sender) => lossesOf(sender, pool))
  }

  /** For the result's line. */
  get figures(): string {
    const { streams, relps } = this.#pool
    const kinds = (['tcp', 'tls'] as const).map((kind) =>
      this.#line(
        kind,
        streams.filter(({ options }) => options.transport === kind),
      ),
    )
    const lines = [...kinds, this.#line('RELP', relps)].filter((line) => line !== '')
    return `${lines.join('; ')}${this.#places()}`
  }

  /** Throws where anything is wrong: a message is lost that may not be, one arrived in parts, or a relay lost what it had stored. */
  async check(mayLose: (loss: Loss) => boolean): Promise<void> {
    const { strange } = this.#pool.upstream.arrivals
    if (strange.length > 0) this.#fail(`${strange.length} messages arrived that nobody sent, such as ${JSON.stringify(strange[0])}`)
    for (const { options, sent } of this.#pool.relps) {
      const lost = sent - this.#pool.upstream.arrivals.of(options.name).distinct
      if (lost > 0) this.#fail(`${lost} messages over RELP of ${options.name} are lost`)
    }
    const forbidden = this.losses.filter((loss) => !mayLose(loss))
    if (forbidden.length > 0) this.#fail(`${forbidden.length} messages are lost that may not be, such as ${describe(forbidden[0] as Loss)}`)
    for (const [lane, relay] of this.#pool.relays.entries()) await this.#checkStored(relay, lane)
  }

  /** What a relay has counted as received it has stored, what it has stored has arrived, and it refused nobody. */
  async #checkStored(relay: PoolRelay, lane: number): Promise<void> {
    const { streams, upstream } = this.#pool
    const { ledger, source } = await relay.pipeline('nginx')
    const stored = (ledger.received.tcp ?? 0) + (ledger.received.tls ?? 0)
    const arrived = streams.reduce((sum, { options }) => sum + upstream.arrivals.of(options.name).distinctOver(lane), 0)
    const rewritten = streams.reduce((sum, sender) => sum + sender.rewritten, 0)
    if (stored < arrived || stored > arrived + rewritten) this.#fail(`${relay.name} stored ${stored} messages, and ${arrived} arrived`)
    const refused = Object.entries({ ...source.refused, tlsFailures: source.tlsFailures }).filter(([, count]) => count > 0)
    if (refused.length > 0) this.#fail(`${relay.name} refused connections: ${refused.map((reason) => reason.join(' '))}`)
  }

  #line(kind: string, senders: readonly { readonly options: { readonly name: string }; readonly sent: number }[]): string {
    if (senders.length === 0) return ''
    const arrivals = senders.map(({ options }) => this.#pool.upstream.arrivals.of(options.name))
    const sent = senders.reduce((sum, sender) => sum + sender.sent, 0)
    const arrived = arrivals.reduce((sum, { distinct }) => sum + distinct, 0)
    const twice = arrivals.reduce((sum, { duplicates }) => sum + duplicates, 0)
    return `${kind} ${sent} sent, ${sent - arrived} lost${twice === 0 ? '' : `, ${twice} duplicates`}`
  }

  #places(): string {
    const counts = new Map<string, number>()
    for (const { node, atTheEnd, sender, connection } of this.losses) {
      const { ended } = sender.connections[connection] ?? { ended: '?' }
      const place = `on connections to ${node} that ended ${ended}${atTheEnd ? '' : ', with later ones delivered'}`
      counts.set(place, (counts.get(place) ?? 0) + 1)
    }
    return Array.from(counts, ([place, count]) => `; ${count} lost ${place}`).join('')
  }

  #fail(what: string): never {
    throw new Error(`${what} (${this.figures})`)
  }
}

function lossesOf(sender: PoolStreamSender, { upstream, relays }: Pool): Loss[] {
  const arrivals = upstream.arrivals.of(sender.options.name)
  const nodes = new Map<number, string>()
  const lastArrived = new Map<number, number>()
  const lost: number[] = []
  for (const [number, connection] of sender.takenBy.entries()) {
    if (!arrivals.has(number)) {
      lost.push(number)
      continue
    }
    lastArrived.set(connection, number)
    const lane = relays.findIndex((_, i) => arrivals.hasOver(i, number))
    nodes.set(connection, relays[lane]?.name ?? '?')
  }
  return lost.map((number) => {
    const connection = sender.takenBy[number] as number
    const node = nodes.get(connection) ?? 'a node that delivered nothing of it'
    return { sender, number, connection, node, atTheEnd: number > (lastArrived.get(connection) ?? -1) }
  })
}

function describe({ sender, number, connection, node }: Loss): string {
  const ended = sender.connections[connection]?.ended
  return `number ${number} of ${sender.options.name} on its connection ${connection + 1} to ${node}, which ended ${ended}`
}
