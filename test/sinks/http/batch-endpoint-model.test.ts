import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { Outcome } from '../../../src/core/sink.ts'
import { never, subject } from '../../support/batch-endpoint-subject.ts'
import { seqsIn } from '../../support/scripted-dialect.ts'
import type { AnswerScript } from '../../support/scripted-http-client.ts'
import { seqsOf, storedBatch } from '../../support/sink-batches.ts'
import { fateOf } from '../../support/sink-fate.ts'

/** How a receiver behaves. */
interface Behaviour {
  /** Documents for which it refuses the whole request, and those that it rejects by themselves. */
  readonly refused: ReadonlySet<number>
  readonly rejected: ReadonlySet<number>
  /** Bytes of a body from which it answers 413. */
  readonly tooLarge: number
  /** What happens to the requests in turn: the usual, an error, one document to be sent again, an acknowledgement. */
  readonly events: readonly ('usual' | 'usual' | 'busy' | 'error' | 'again' | 'later')[]
}

const numbers = fc.uniqueArray(fc.nat(39), { maxLength: 12 }).map((list) => new Set(list))
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  refused: fc.oneof(
    numbers,
    fc.nat(40).map((to) => new Set(Array.from({ length: to }, (_, i) => i))),
  ),
  rejected: numbers,
  tooLarge: fc.constantFrom(120, 500, 1000, 100_000),
  events: fc.array(fc.constantFrom('usual', 'usual', 'busy', 'error', 'again', 'later'), { minLength: 1, maxLength: 12 }),
})

function receiver({ refused, rejected, tooLarge, events }: Behaviour, taken: Set<number>): AnswerScript {
  return ({ text }, index) => {
    // Trouble ends at some time.
    const event = index < 60 ? events[index % events.length] : 'usual'
    const seqs = seqsIn(text)
    if (event === 'busy') return 429
    if (event === 'error') return new Error('connection reset')
    if (text.length > tooLarge) return 413
    if (seqs.some((seq) => refused.has(seq))) return 400
    const letters = seqs.map((seq, i) => (rejected.has(seq) ? 'x' : event === 'again' && i === 0 ? 'r' : 'd'))
    const later = event === 'later' && letters.every((letter) => letter === 'd')
    for (const [i, seq] of seqs.entries()) if (letters[i] === 'd') taken.add(seq)
    return later ? 202 : { status: 207, body: letters.join('') }
  }
}

/** The law of every outcome, without a test to tell it. */
function check(wanted: readonly number[], { delivered, rejected, retry }: Outcome): void {
  const named = [...seqsOf(delivered), ...seqsOf(rejected.map(({ seqs }) => seqs))]
  assert.equal(new Set(named).size, named.length, 'no message is named twice')
  assert.ok(named.every((seq) => wanted.includes(seq)))
  if (retry === undefined) assert.equal(named.length, wanted.length)
}

test('whatever a receiver does: none is lost, none delivered and rejected at once, and bad documents alone are rejected', async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      behaviour,
      fc.integer({ min: 1, max: 40 }),
      sizes,
      fc.integer({ min: 1, max: 3 }),
      async (how, count, batchSizes, max) => {
        const taken = new Set<number>()
        const { sink } = subject({ teardown: () => {} }, receiver(how, taken), { max_request_size: 900, max_requests_in_flight: max })
        const left = new Set(Array.from({ length: count }, (_, seq) => seq))
        const delivered = new Set<number>()
        const rejected = new Set<number>()
        for (let round = 0; left.size > 0; round++) {
          // One that refuses everything costs each document up to 12 tries.
          assert.ok(round < 400 + 14 * count, `${[...left]} are still to be sent`)
          const queue = [...left]
          const sends: { seqs: number[]; outcome: Outcome }[] = []
          for (let i = 0; queue.length > 0; i++) {
            const seqs = queue.splice(0, batchSizes[i % batchSizes.length])
            const batch = storedBatch(
              seqs.map((seq) => `${seq}`.repeat(30)),
              { seqs: seqs.map((seq) => [seq, seq]) },
            ) // prettier-ignore
            const outcome = await sink.send(batch, never)
            sends.push({ seqs, outcome })
            // As the forwarder: nothing newer once something is to be sent again.
            if (outcome.retry !== undefined) break
          }
          for (const { seqs, outcome } of sends) {
            const known = await fateOf(sink, outcome)
            check(seqs, known)
            for (const seq of seqsOf(known.delivered)) delivered.add(seq)
            for (const seq of seqsOf(known.rejected.map((one) => one.seqs))) rejected.add(seq)
          }
          for (const seq of [...delivered, ...rejected]) left.delete(seq)
        }
        const bad = (seq: number) =>
          how.refused.has(seq) || how.rejected.has(seq) || `${seq} ${`${seq}`.repeat(30)}\n`.length > how.tooLarge
        assert.ok([...rejected].every(bad), 'only bad ones are rejected')
        assert.ok(
          [...delivered].every((seq) => taken.has(seq) && !rejected.has(seq)),
          'what is delivered was taken',
        )
        assert.equal(delivered.size + rejected.size, count)
      },
    ),
    { numRuns: 150 },
  )
  t.pass('all of it')
})

test('what is held is bounded: never more than the requests in flight and the next one', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 300, max: 3000 }),
      fc.infiniteStream(fc.nat()),
      async (most, size, chance) => {
        const { sink, client, dialect } = subject({ teardown: () => {} }, () => undefined, {
          max_request_size: size,
          max_requests_in_flight: most,
        })
        let highest = 0
        let answeredBytes = 0
        let answered = 0
        const batches = Array.from({ length: 20 }, (_, i) => storedBatch(Array(10).fill('x'.repeat(100)), { seqs: [[i * 10, i * 10 + 9]] }))
        const outcomes: Promise<Outcome>[] = []
        const sending = (async () => {
          for (const batch of batches) {
            const outcome = await sink.send(batch, never)
            outcomes.push(fateOf(sink, outcome))
          }
        })()
        while (answered < 200) {
          await new Promise(setImmediate)
          highest = Math.max(highest, dialect.encodedBytes - answeredBytes)
          const { inFlight } = client
          const given = inFlight[(chance.next().value as number) % Math.max(1, inFlight.length)]
          if (given === undefined) continue
          answeredBytes += given.text.length
          answered += seqsIn(given.text).length
          given.answer(200)
        }
        await sending
        assert.equal((await Promise.all(outcomes)).flatMap(({ delivered }) => seqsOf(delivered)).length, 200)
        assert.ok(client.mostInFlight <= most)
        assert.ok(highest <= (most + 1) * size + 110, `${highest} bytes were held`)
        assert.deepEqual(
          client.texts.flatMap(seqsIn),
          Array.from({ length: 200 }, (_, i) => i),
          'begun in order',
        )
      },
    ),
    { numRuns: 60 },
  )
  t.pass('all of it')
})
