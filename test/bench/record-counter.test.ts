import { test } from 'tap'
import {
  blockMessages,
  messageBlock,
  messageBytes,
  numberAt,
  numberBlock,
  readNumber,
  recordBytes,
} from '../../bench/load/message-layout.ts'
import { RecordCounter, SeenNumbers } from '../../bench/load/record-counter.ts'

test('every record of a block has its length, its line feed and its number', async (t) => {
  const block = messageBlock(1)
  numberBlock(block, 1234, 0, blockMessages)
  t.equal(block.length, blockMessages * recordBytes)
  for (let i = 0; i < blockMessages; i++) {
    const start = i * recordBytes
    if (block.indexOf(0x0a, start) !== start + messageBytes) t.fail(`record ${i} has another length`)
    if (readNumber(block, start + numberAt) !== 1234 * blockMessages + i) t.fail(`record ${i} has another number`)
  }
})

test('a part of a block is numbered without touching the rest', async (t) => {
  const block = messageBlock(1)
  numberBlock(block, 7, 10, 2)
  const numbers = [9, 10, 11, 12].map((i) => readNumber(block, i * recordBytes + numberAt))
  t.strictSame(numbers, [9, 7010, 7011, 12])
})

test('records are counted wherever the stream is cut', async (t) => {
  const records = messageBlock(1).subarray(0, 5 * recordBytes)
  for (const cut of [1, 77, 90, messageBytes, recordBytes, recordBytes + 1, 3 * recordBytes - 1]) {
    const seen = count([records.subarray(0, cut), records.subarray(cut)])
    t.match(seen, { arrived: 5, distinct: 5, malformed: 0 }, `cut at ${cut}`)
  }
  const bytes = Array.from(records, (_, i) => records.subarray(i, i + 1))
  t.match(count(bytes), { arrived: 5, distinct: 5, malformed: 0 }, 'byte by byte')
})

test('what comes twice is counted as such', async (t) => {
  const records = messageBlock(1).subarray(0, 2 * recordBytes)
  t.match(count([records, records.subarray(0, recordBytes)]), { arrived: 3, distinct: 2, malformed: 0 })
})

test('a header that a relay rewrote, longer or shorter, changes no count', async (t) => {
  const lines = messageBlock(1).toString('latin1').trimEnd().split('\n').slice(0, 6)
  const rewritten = lines.map((line, i) => (i < 3 ? line.replace('<134>', '<14>') : line.replace('access - ', 'access - \xef\xbb\xbf')))
  t.match(count([Buffer.from(`${rewritten.join('\n')}\n`, 'latin1')]), { arrived: 6, distinct: 6, malformed: 0 })
})

test('lines without a number are told apart', async (t) => {
  const record = messageBlock(1).subarray(0, recordBytes)
  t.match(count([Buffer.from('hello\n'), record, Buffer.from('seq=12\n')]), { arrived: 1, distinct: 1, malformed: 2 })
})

test('an unfinished line is not counted, and one without an end is refused', async (t) => {
  const record = messageBlock(1).subarray(0, recordBytes)
  t.match(count([record.subarray(0, messageBytes)]), { arrived: 0, malformed: 0 })
  t.throws(() => count([Buffer.alloc(5000, 'x'), Buffer.alloc(5000, 'x')]), /more than 8192 bytes/)
})

function count(chunks: readonly Buffer[]): SeenNumbers {
  const seen = new SeenNumbers()
  const counter = new RecordCounter(seen)
  for (const chunk of chunks) counter.push(chunk)
  return seen
}
