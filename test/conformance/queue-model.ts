import fc from 'fast-check'
import type { SeqRange } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Lease, Queue } from '../../src/core/queue.ts'
import { seqsOf } from '../queue/dead-letters/letter-fixtures.ts'
import { batchOf, deadline, drain, never, take, textsOf } from '../queue/queue-fixtures.ts'

export interface QueueMaker {
  /** A queue on the same data as before, or on none; not started. */
  make(sinks: readonly string[]): Queue
}

const sinkNames = ['a', 'b'] as const

/** One thing that may be done with a queue. */
export type QueueStep =
  | { do: 'append'; messages: number }
  | { do: 'lease'; sink: 'a' | 'b'; maxBytes: number }
  | { do: 'settle'; lease: number; from: number; part: number; reject: boolean }
  | { do: 'forget'; lease: number }
  | { do: 'release'; lease: number }
  | { do: 'drop'; messages: number }
  | { do: 'letters'; sink: 'a' | 'b'; from: number; count: number; how: 'delivered' | 'deleted' }
  | { do: 'reopen' }

export const queueStep: fc.Arbitrary<QueueStep> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), messages: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      sink: fc.constantFrom(...sinkNames),
      maxBytes: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      lease: fc.nat(9),
      from: fc.nat(9),
      part: fc.nat(9),
      reject: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('forget' as const), lease: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), lease: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), messages: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('letters' as const),
      sink: fc.constantFrom(...sinkNames),
      from: fc.nat(9),
      count: fc.nat(9),
      how: fc.constantFrom('delivered' as const, 'deleted' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
)

/** What a queue should hold, in the simplest words. */
class Model {
  texts: string[] = []
  dropped = 0
  readonly fates = { a: new Map<number, 'delivered' | 'rejected'>(), b: new Map<number, 'delivered' | 'rejected'>() }
  /** Dead letters that nobody wanted. */
  readonly deleted = { a: new Set<number>(), b: new Set<number>() }

  letters(sink: 'a' | 'b'): number[] {
    const cursor = this.cursor(sink)
    return [...this.fates[sink]]
      .filter(([seq, fate]) => fate === 'rejected' && seq < cursor && !this.deleted[sink].has(seq))
      .map(([seq]) => seq)
      .sort((a, b) => a - b)
  }

  /** Cursors, below which a fate survives a restart. */
  cursor(sink: 'a' | 'b'): number {
    let seq = 0
    while (this.fates[sink].has(seq)) seq++
    return seq
  }

  restart(): void {
    for (const sink of sinkNames) {
      const cursor = this.cursor(sink)
      for (const seq of this.fates[sink].keys()) if (seq > cursor) this.fates[sink].delete(seq)
    }
  }
}

/** Does all of it with a queue and with the model, and throws where they differ. */
export async function playOnQueue(steps: readonly QueueStep[], maker: QueueMaker): Promise<void> {
  let queue = maker.make(sinkNames)
  await queue.start()
  const model = new Model()
  let leases: { sink: 'a' | 'b'; lease: Lease }[] = []
  for (const next of steps) {
    const held = 'lease' in next ? leases[next.lease] : undefined
    if (next.do === 'append') {
      const texts = Array.from({ length: next.messages }, (_, i) => `message ${model.texts.length + i}`)
      model.texts.push(...texts)
      await take(queue, batchOf(texts)).stored
    } else if (next.do === 'drop') {
      queue.drop('kernel', 'udp', next.messages)
      model.dropped += next.messages
    } else if (next.do === 'lease') {
      const leasable = model.texts.some(
        (_, seq) => !model.fates[next.sink].has(seq) && !leases.some(({ sink, lease }) => sink === next.sink && holds(lease, seq)),
      )
      if (!leasable) continue
      const lease = await queue.reader(next.sink).lease(next.maxBytes, never)
      if (lease === undefined) throw new Error('no lease though messages wait')
      verify(lease, model)
      leases.push({ sink: next.sink, lease })
    } else if (next.do === 'settle' && held !== undefined) {
      const seqs = numbersOf(held.lease).slice(next.from, next.from + next.part)
      const ranges = seqs.map((seq): SeqRange => [seq, seq])
      const fate = next.reject ? 'rejected' : 'delivered'
      for (const seq of seqs) if (!model.fates[held.sink].has(seq)) model.fates[held.sink].set(seq, fate)
      const error = new RelayError('MESSAGE_TOO_LARGE', 'no')
      await held.lease.settle(next.reject ? [] : ranges, next.reject ? ranges.map((range) => ({ seqs: range, error })) : [])
    } else if (next.do === 'forget' && held !== undefined) {
      held.lease.forget()
    } else if (next.do === 'release' && held !== undefined) {
      held.lease.release()
      leases = leases.filter((other) => other !== held)
    } else if (next.do === 'letters') {
      const letters = model.letters(next.sink)
      const held = await seqsOf(queue.deadLetters, next.sink)
      if (held.join() !== letters.join()) throw new Error(`${next.sink} holds letters ${held.join()} instead of ${letters.join()}`)
      const chosen = letters.slice(next.from, next.from + next.count)
      const ranges = chosen.map((seq): SeqRange => [seq, seq])
      const settled = await queue.deadLetters.settle(next.sink, ranges, next.how)
      if (settled !== chosen.length) throw new Error(`${settled} letters settled instead of ${chosen.length}`)
      for (const seq of chosen) {
        if (next.how === 'deleted') model.deleted[next.sink].add(seq)
        else model.fates[next.sink].set(seq, 'delivered')
      }
    } else if (next.do === 'reopen') {
      await queue.stop(deadline())
      queue = maker.make(sinkNames)
      await queue.start()
      leases = []
      model.restart()
    }
    compare(queue, model)
  }
  for (const { lease } of leases) lease.release()
  for (const sink of sinkNames) {
    const expected = model.texts.filter((_, seq) => !model.fates[sink].has(seq))
    const found = await drain(queue, sink)
    if (found.join() !== expected.join()) throw new Error(`${sink} got ${found.join()} instead of ${expected.join()}`)
  }
  await queue.stop(deadline())
}

function compare(queue: Queue, model: Model): void {
  const ledger = queue.ledger()
  for (const sink of sinkNames) {
    const cursor = model.cursor(sink)
    const below = [...model.fates[sink]].filter(([seq]) => seq < cursor)
    const expected = {
      received: model.texts.length + model.dropped,
      delivered: below.filter(([, fate]) => fate === 'delivered').length,
      rejected: below.filter(([, fate]) => fate === 'rejected').length,
      queued: model.texts.length - cursor,
      dropped: model.dropped === 0 ? {} : { kernel: model.dropped },
    }
    if (JSON.stringify(ledger.sinks[sink]) !== JSON.stringify(expected)) {
      throw new Error(`${sink}: ${JSON.stringify(ledger.sinks[sink])} instead of ${JSON.stringify(expected)}`)
    }
  }
}

function verify(lease: Lease, model: Model): void {
  const texts = textsOf(lease.batch)
  for (const [i, seq] of numbersOf(lease).entries()) {
    if (texts[i] !== model.texts[seq]) throw new Error(`message ${seq} came as ${texts[i]}`)
  }
}

function numbersOf({ batch }: Lease): number[] {
  return batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
}

function holds({ batch }: Lease, seq: number): boolean {
  return batch.seqs.some(([from, through]) => from <= seq && seq <= through)
}
