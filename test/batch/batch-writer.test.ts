import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import type { Batch } from '../../src/core/batch.ts'
import { batchOf, messages, origin, plain, write } from './batches.ts'

const sender = origin('192.0.2.1', 'tcp')

test('what was written is read back: bytes, flags, origins and times', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(messages, (list) => {
        assert.deepEqual(plain(batchOf(list)), list)
      }),
    ),
  )
})

test('consecutive puts lie side by side, so a message may span them', async (t) => {
  const writer = new BatchWriter()
  writer.from(sender, 1)
  const start = writer.put(Buffer.from('xab'), 1, 3)
  t.equal(writer.put(Buffer.from('cdx'), 0, 2), start + 2)
  writer.message(start, start + 4, 0)
  t.equal(writer.size, 4)
  t.equal(writer.messages, 1)
  t.strictSame(plain(writer.take()), [{ text: 'abcd', flags: 0, origin: sender, receivedAtMs: 1 }])
})

test('a run goes on while sender and time stay the same', async (t) => {
  const a = origin('192.0.2.1', 'udp')
  const b = origin('192.0.2.1', 'udp')
  const writer = new BatchWriter()
  for (const [from, time] of [
    [a, 1],
    [a, 1],
    [b, 1],
    [a, 1],
    [a, 2],
  ] as const) {
    write(writer, { text: 'x', flags: 0, origin: from, receivedAtMs: time })
  }
  writer.from(b, 9)
  writer.from(a, 2)
  writer.message(0, 1, 0)
  const batch = writer.take()
  t.strictSame(Array.from(batch?.runStarts ?? []), [0, 2, 3, 4])
  t.strictSame(Array.from(batch?.runOrigins ?? []), [0, 1, 0, 0])
  t.strictSame(Array.from(batch?.runTimes ?? []), [1, 1, 1, 2])
  t.equal(batch?.origins.length, 2)
})

test('any number of messages and runs fits', async (t) => {
  const list = Array.from({ length: 2000 }, (_, i) => ({
    text: `m${i}`,
    flags: i & 3,
    origin: origin(`peer ${i % 700}`, 'udp'),
    receivedAtMs: i >> 1,
  }))
  const writer = new BatchWriter()
  for (const message of list) write(writer, message)
  t.strictSame(plain(writer.take()), list)
})

test('take begins a new batch and leaves the old one alone', async (t) => {
  const writer = new BatchWriter()
  t.equal(writer.take(), undefined, 'nothing yet')
  const first = { text: 'first', flags: 1, origin: sender, receivedAtMs: 5 }
  const second = { text: 'second', flags: 2, origin: sender, receivedAtMs: 5 }
  write(writer, first)
  const batch = writer.take()
  t.equal(writer.size, 0)
  t.equal(writer.messages, 0)
  write(writer, second)
  t.strictSame(plain(batch), [first])
  t.strictSame(plain(writer.take()), [second], 'the sender is still known')
  t.equal(writer.take(), undefined)
})

test('bytes without a message are no batch', async (t) => {
  const writer = new BatchWriter()
  writer.put(Buffer.from('\n\n'), 0, 2)
  t.equal(writer.size, 2)
  t.equal(writer.take(), undefined)
  t.equal(writer.size, 0)
})

const write100 = (writer: BatchWriter, bytes: number) => {
  writer.from(sender, 1)
  for (let put = 0; put < bytes; put += 100) {
    const at = writer.put(Buffer.alloc(100, 'x'), 0, 100)
    writer.message(at, at + 100, 0)
  }
}

test('a small batch has memory of its own, a large one shares it', async (t) => {
  const writer = new BatchWriter()
  write100(writer, 100)
  const small = writer.take()
  t.equal(small?.memory, undefined)
  t.equal(small?.bytes.buffer.byteLength, 4096)
  write100(writer, 200_000)
  const large = writer.take()
  t.ok(large?.memory)
  t.equal(large?.ends.length, 2000)
  t.strictSame(plain(large).at(-1)?.text, 'x'.repeat(100))
  write100(writer, 100)
  const after = writer.take()
  t.equal(after?.memory, undefined, 'copied out of the memory that was taken for another large one')
  t.ok((after?.bytes.buffer.byteLength ?? 0) < 10_000)
  t.strictSame(plain(after).length, 1)
})

test('released memory is used again, by one batch at a time', async (t) => {
  const writer = new BatchWriter()
  const take = () => {
    write100(writer, 100_000)
    return writer.take() as Batch
  }
  const first = take()
  const second = take()
  t.not(first.bytes.buffer, second.bytes.buffer)
  first.memory?.retain()
  first.memory?.release()
  t.not(take().bytes.buffer, first.bytes.buffer, 'still held once')
  first.memory?.release()
  t.equal(take().bytes.buffer, first.bytes.buffer)
  t.throws(() => {
    second.memory?.release()
    second.memory?.release()
  }, /more often/)
  t.throws(() => second.memory?.retain(), /after its last release/)
})

test('any number of messages fits into shared memory', async (t) => {
  const writer = new BatchWriter()
  writer.from(sender, 1)
  for (let i = 0; i < 30_000; i++) {
    const at = writer.put(Buffer.from(`${i}`.padStart(5)), 0, 5)
    writer.message(at, at + 5, i & 3)
  }
  const read = plain(writer.take())
  t.equal(read.length, 30_000)
  t.strictSame(
    read.filter(({ text, flags }, i) => text !== `${i}`.padStart(5) || flags !== (i & 3)),
    [],
  )
})

test('a message of nobody is a mistake of the caller', async (t) => {
  const writer = new BatchWriter()
  t.throws(() => writer.message(0, 0, 0), { message: /from must be called/ })
})
