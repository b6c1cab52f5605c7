import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { countByTransport, messagesFrom, messagesOf, selectMessages } from '../../src/batch/messages.ts'
import type { Batch, StoredBatch } from '../../src/core/batch.ts'
import { batchOf, messages, numbers, origins, plain, storedBatch } from './batches.ts'

const list = ['a', 'b', 'c', 'd', 'e'].map((text, i) => ({
  text,
  flags: i & 3,
  origin: origins[i >> 1] as (typeof origins)[0],
  receivedAtMs: i >> 1,
}))
const stored: StoredBatch = {
  ...(batchOf(list) as Batch),
  queueId: 'q',
  seqs: [
    [3, 4],
    [7, 9],
  ],
}

test('messagesOf: bytes are views into the batch', async (t) => {
  const [first] = messagesOf(stored)
  t.equal(first?.bytes.buffer, stored.bytes.buffer)
})

test('messagesOf: nothing in an empty batch', async (t) => {
  const none = new Uint32Array(0)
  const empty = { bytes: Buffer.alloc(0), starts: none, ends: none, flags: new Uint8Array(0), origins: [] }
  t.strictSame(plain({ ...empty, runStarts: none, runOrigins: none, runTimes: new Float64Array(0) }), [])
})

test('countByTransport counts messages, not runs', async (t) => {
  t.strictSame(countByTransport(stored), { udp: 2, tcp: 2, tls: 1 })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(messages, (some) => {
        const counts: Record<string, number> = {}
        for (const { origin } of some) counts[origin.transport] = (counts[origin.transport] ?? 0) + 1
        assert.deepEqual(countByTransport(batchOf(some) as Batch), counts)
      }),
    ),
  )
})

test('selectMessages keeps the wanted ones with their numbers, senders and times', async (t) => {
  const selected = selectMessages(stored, (seq) => seq === 4 || seq === 7 || seq === 9)
  t.strictSame(plain(selected), [list[1], list[2], list[4]])
  t.strictSame(selected?.seqs, [
    [4, 4],
    [7, 7],
    [9, 9],
  ])
  t.equal(selected?.bytes, stored.bytes, 'no byte is copied')
  t.equal(selected?.queueId, 'q')
  t.equal(
    selectMessages(stored, () => true),
    stored,
  )
  t.equal(
    selectMessages(stored, () => false),
    undefined,
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(storedBatch, fc.array(fc.boolean(), { minLength: 1 }), (batch, pattern) => {
        const wanted = (seq: number) => pattern[seq % pattern.length] as boolean
        const chosen = selectMessages(batch, wanted)
        const seqs = numbers(batch.seqs)
        const expected = plain(batch).filter((_, i) => wanted(seqs[i] as number))
        assert.deepEqual(plain(chosen), expected)
        assert.deepEqual(numbers(chosen?.seqs ?? []), seqs.filter(wanted))
      }),
    ),
  )
})

test('messagesFrom keeps what is numbered from there on', async (t) => {
  t.equal(messagesFrom(stored, 0), stored)
  t.equal(messagesFrom(stored, 3), stored)
  t.strictSame(plain(messagesFrom(stored, 4)), list.slice(1))
  t.strictSame(messagesFrom(stored, 5)?.seqs, [[7, 9]], 'a number in a gap')
  t.strictSame(plain(messagesFrom(stored, 9)), list.slice(4))
  t.equal(messagesFrom(stored, 10), undefined)
})
