import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
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
  const writer = new BatchWriter(1)
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
  const writer = new BatchWriter(8)
  for (const message of list) write(writer, message)
  t.strictSame(plain(writer.take()), list)
})

test('take begins a new batch and leaves the old one alone', async (t) => {
  const writer = new BatchWriter(8)
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

test('the buffer of a batch follows the size of the last one, up and down', async (t) => {
  const writer = new BatchWriter(1000)
  const allocated = (bytes: number) => {
    writer.from(sender, 1)
    for (let put = 0; put < bytes; put += 100) writer.message(writer.put(Buffer.alloc(100), 0, 100), put + 100, 0)
    return writer.take()?.bytes.buffer.byteLength
  }
  t.equal(allocated(100), 1000)
  t.equal(allocated(5000), 8000, 'doubled three times')
  t.equal(allocated(5000), 5625, 'one eighth of room')
  t.equal(allocated(100), 5625)
  t.equal(allocated(100), 1000)
})

test('a message of nobody is a mistake of the caller', async (t) => {
  const writer = new BatchWriter()
  t.throws(() => writer.message(0, 0, 0), { message: /from must be called/ })
})
