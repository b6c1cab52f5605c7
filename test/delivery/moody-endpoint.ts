import { setImmediate as turn } from 'node:timers/promises'
import { messagesOf } from '../../src/batch/messages.ts'
import type { SeqRange, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../../src/core/sink.ts'
import { seqsOf } from '../support/sink-batches.ts'

const lost = new RelayError('ENDPOINT_CLOSED', 'closed by the peer')
const refused = new RelayError('MESSAGE_TOO_LARGE', 'too large')

type Part = 'delivered' | 'rejected' | 'open' | 'lost'
const parts: readonly Part[] = ['delivered', 'delivered', 'rejected', 'open', 'open', 'lost']

/** What the endpoints have said of every message, and where each is. */
export class World {
  readonly said = new Map<number, 'delivered' | 'rejected'>()
  /** As they came last. */
  readonly texts = new Map<number, string>()
  readonly #inHand = new Set<number>()
  readonly #choices: number[]
  sends = 0
  /** Rules that were broken. */
  readonly faults: string[] = []

  /** Numbers that decide everything; when they are used up all is well. */
  constructor(choices: readonly number[]) {
    this.#choices = [...choices]
  }

  choose<T>(from: readonly [T, ...T[]] | readonly T[], otherwise: T): T {
    const choice = this.#choices.pop()
    return choice === undefined ? otherwise : (from[choice % from.length] as T)
  }

  async pass(): Promise<void> {
    for (let turns = this.choose([0, 1, 2, 5], 0); turns > 0; turns--) await turn()
  }

  begin(seqs: readonly number[], batch: StoredBatch): void {
    this.sends++
    for (const [i, { bytes }] of [...messagesOf(batch)].entries()) this.texts.set(seqs[i] as number, bytes.toString())
    for (const seq of seqs) {
      if (this.#inHand.has(seq)) this.faults.push(`${seq} is in two places`)
      if (this.said.has(seq)) this.faults.push(`${seq} was ${this.said.get(seq)} and is sent again`)
      this.#inHand.add(seq)
    }
  }

  /** The fate of these is known. */
  end(seqs: readonly number[], fate: 'delivered' | 'rejected' | 'lost'): SeqRange[] {
    for (const seq of seqs) {
      this.#inHand.delete(seq)
      if (fate !== 'lost') this.said.set(seq, fate)
    }
    return seqs.map((seq) => [seq, seq])
  }
}

/** An endpoint whose every answer is chosen: delivered, refused, open, lost, sooner or later. */
export class MoodyEndpoint implements EndpointSink {
  readonly #world: World
  readonly #name: string
  #busy = false

  constructor(world: World, name: string) {
    this.#world = world
    this.#name = name
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async flush(): Promise<void> {}
  giveUp(): void {}

  endpoints(): readonly EndpointStatus[] {
    return [{ endpoint: this.#name, state: 'connected' }]
  }

  async send(batch: StoredBatch): Promise<Outcome> {
    if (this.#busy) this.#world.faults.push('two sends at a time')
    this.#busy = true
    const seqs = seqsOf(batch.seqs)
    this.#world.begin(seqs, batch)
    await this.#world.pass()
    const by: Record<Part, number[]> = { delivered: [], rejected: [], open: [], lost: [] }
    for (const seq of seqs) by[this.#world.choose(parts, 'delivered')].push(seq)
    this.#busy = false
    const { open } = by
    const outcome: Outcome = {
      delivered: this.#world.end(by.delivered, 'delivered'),
      rejected: this.#world.end(by.rejected, 'rejected').map((range) => ({ seqs: range, error: refused })),
      ...(open.length > 0 && { unsettled: { seqs: open.map((seq) => [seq, seq] as const), outcome: this.#fate(open) } }),
    }
    this.#world.end(by.lost, 'lost')
    return by.lost.length > 0 ? { ...outcome, retry: { error: lost } } : outcome
  }

  async #fate(seqs: readonly number[]): Promise<Outcome> {
    await this.#world.pass()
    const read = this.#world.choose([seqs.length, seqs.length, 0, 1], seqs.length)
    const delivered = this.#world.end(seqs.slice(0, read), 'delivered')
    this.#world.end(seqs.slice(read), 'lost')
    return { delivered, rejected: [], ...(read < seqs.length && { retry: { error: lost } }) }
  }
}
