import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import type { Lease } from '../../src/core/queue.ts'
import { LevelQueue } from '../../src/queue/level-queue.ts'
import { diskUse } from '../support/relay-disk-use.ts'
import { shortDir } from '../support/short-dir.ts'
import { bulkBatch, bulkText, deadline, drain, imbalance, never, queueConfig, recordingLogger, store, textsOf } from './queue-fixtures.ts'

const kibibyte = 1024
const size = 1000

function make(directory: string, maxBytes: number, sinks: readonly string[]): LevelQueue {
  const config = queueConfig({ max_size: maxBytes, when_full: 'drop_oldest', durability: 'assisted' })
  return new LevelQueue({ directory, config, minFreeDisk: 0, sinks, pipeline: 'p' }, { logger: recordingLogger() })
}

t.test('behind a lease that never ends the disk stays bounded, with several sinks too', async (t) => {
  for (const sinks of [['a'], ['a', 'close behind'], ['a', 'stuck as well']]) {
    const directory = join(shortDir(t), `queue-${sinks.join('-').replaceAll(' ', '-')}`)
    const queue = make(directory, 1024 * kibibyte, sinks)
    await queue.start()
    await store(queue, bulkBatch(0, 100, size))
    const leases = await Promise.all(sinks.filter((sink) => sink !== 'close behind').map((sink) => queue.reader(sink).lease(1, never)))
    let most = 0
    for (let i = 1; i < 50; i++) {
      await store(queue, bulkBatch(i * 100, 100, size))
      if (sinks.includes('close behind')) await drain(queue, 'close behind')
      most = Math.max(most, diskUse(directory))
      t.same(imbalance(queue.ledger()), [])
    }
    t.ok(most < 3000 * kibibyte, `${sinks}: ${most} bytes of 5000 KiB that came`)
    for (const lease of leases) {
      await lease?.settle(lease.batch.seqs, [])
      lease?.release()
    }
    const got = await drain(queue, 'a')
    t.equal(got.at(-1), bulkText(4999, size))
    t.match(queue.ledger().sinks.a, { received: 5000, delivered: got.length + 100, queued: 0, dropped: { oldest: 4900 - got.length } })
    await queue.stop(deadline())
  }
})

type Sink = 'a' | 'b'
type Step =
  | { do: 'append'; batches: number }
  | { do: 'lease'; sink: Sink; maxBytes: number }
  | { do: 'settle'; lease: number; part: number }
  | { do: 'forget'; lease: number }
  | { do: 'release'; lease: number }
  | { do: 'reopen' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), batches: fc.integer({ min: 1, max: 12 }) }) },
  // Sink b is leased seldom, so it is far behind.
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      sink: fc.constantFrom<Sink>('a', 'a', 'a', 'b'),
      maxBytes: fc.constantFrom(1, 9000, 30_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), lease: fc.nat(5), part: fc.constantFrom(0.3, 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), lease: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), lease: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
)

t.test('whatever is done, every message is delivered or dropped for each sink, and the books say so', async (t) => {
  const root = shortDir(t)
  let made = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => new Run(join(root, `queue-${made++}`)).play(steps)),
    { numRuns: 8 },
  )
})

/** Messages of one run: ten a batch, about four batches to the limit. */
class Run {
  readonly #directory: string
  #queue: LevelQueue
  #next = 0
  #leases: { sink: Sink; lease: Lease; texts: string[] }[] = []
  /** Settled in this life or below the cursor of an earlier one. */
  readonly #delivered = { a: new Set<number>(), b: new Set<number>() }

  constructor(directory: string) {
    this.#directory = directory
    this.#queue = make(directory, 40 * kibibyte, ['a', 'b'])
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#queue.start()
    for (const next of steps) {
      await this.#do(next)
      this.#check()
    }
    for (const { lease } of this.#leases) lease.release()
    for (const sink of ['a', 'b'] as const) {
      await drain(this.#queue, sink, (batch) => this.#seen(sink, batch.seqs.flatMap(range), textsOf(batch)))
      const books = this.#queue.ledger().sinks[sink]
      const dropped = books?.dropped.oldest ?? 0
      if (books?.queued !== 0 || books.delivered !== this.#delivered[sink].size || books.delivered + dropped !== this.#next) {
        throw new Error(`${sink}: ${JSON.stringify(books)}, delivered ${this.#delivered[sink].size} of ${this.#next}`)
      }
    }
    await this.#queue.stop(deadline())
  }

  async #do(next: Step): Promise<void> {
    const held = 'lease' in next ? this.#leases[next.lease] : undefined
    if (next.do === 'append') {
      for (let i = 0; i < next.batches; i++) {
        const receipt = this.#queue.append(bulkBatch(this.#next, 10, size))
        if (receipt === 'full') return
        this.#next += 10
        await receipt.stored
      }
    } else if (next.do === 'lease') {
      const lease = await this.#lease(next.sink, next.maxBytes)
      if (lease !== undefined) this.#leases.push({ sink: next.sink, lease, texts: textsOf(lease.batch) })
    } else if (next.do === 'settle' && held !== undefined) {
      const seqs = held.lease.batch.seqs.flatMap(range)
      const done = seqs.slice(0, Math.ceil(seqs.length * next.part))
      this.#seen(held.sink, done, held.texts.slice(0, done.length))
      await held.lease.settle(
        done.map((seq) => [seq, seq] as const),
        [],
      )
    } else if (next.do === 'forget' && held !== undefined) {
      held.lease.forget()
    } else if (next.do === 'release' && held !== undefined) {
      held.lease.release()
      this.#leases = this.#leases.filter((other) => other !== held)
    } else if (next.do === 'reopen') await this.#reopen()
  }

  /**
   * Appends until there is something to lease. Where all the rest is leased, what is appended to a full queue is the oldest
   * that may go, and goes: then there is nothing, and the wait is ended.
   */
  async #lease(sink: Sink, maxBytes: number): Promise<Lease | undefined> {
    const stop = new AbortController()
    let leased = false
    const leasing = this.#queue.reader(sink).lease(maxBytes, stop.signal)
    const done = leasing.then(() => {
      leased = true
    })
    for (let tries = 0; tries < 3 && !leased; tries++) {
      const receipt = this.#queue.append(bulkBatch(this.#next, 1, size))
      if (receipt === 'full') break // even a little above its limit: too much is leased
      this.#next++
      await receipt.stored
      for (let turns = 0; turns < 100 && !leased; turns++) await turn()
    }
    if (!leased) stop.abort()
    await done
    return leasing
  }

  #seen(sink: Sink, seqs: readonly number[], texts: readonly string[]): void {
    for (const [i, seq] of seqs.entries()) {
      if (Number.parseInt(texts[i] ?? '', 10) !== seq) throw new Error(`message ${seq} came as ${texts[i]?.slice(0, 20)}`)
      this.#delivered[sink].add(seq)
    }
  }

  #check(): void {
    const wrong = imbalance(this.#queue.ledger())
    if (wrong.length > 0) throw new Error(wrong.join())
    const { bytes, nextSeq } = this.#queue.status()
    if (nextSeq !== this.#next) throw new Error(`next is ${nextSeq} instead of ${this.#next}`)
    if (bytes > 400 * kibibyte) throw new Error(`${bytes} bytes wait`)
  }

  /** What was settled above the cursor is sent again. */
  async #reopen(): Promise<void> {
    await this.#queue.stop(deadline())
    const { cursors } = this.#queue.status()
    for (const sink of ['a', 'b'] as const) {
      for (const seq of this.#delivered[sink]) if (seq >= (cursors[sink] ?? 0)) this.#delivered[sink].delete(seq)
    }
    this.#leases = []
    this.#queue = make(this.#directory, 40 * kibibyte, ['a', 'b'])
    await this.#queue.start()
  }
}

function range([from, through]: readonly [number, number]): number[] {
  return Array.from({ length: through - from + 1 }, (_, i) => from + i)
}
