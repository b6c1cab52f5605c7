import fc from 'fast-check'
import t from 'tap'
import { type ParseStreamOptions, parseStream } from '../../src/app/parse-stream.ts'

const options: ParseStreamOptions = { framing: 'auto', device: 'generic-rfc5424', timezone: 'UTC', maxMessageBytes: 65_536, now: () => 0 }

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

async function parsed(input: AsyncIterable<Buffer>): Promise<string> {
  let all = ''
  for await (const piece of parseStream(input, options)) all += piece
  return all
}

t.test('any chunking of the same bytes gives the same lines', async (t) => {
  const bytes = Buffer.from('<13>1 - host app - - - one\n<14>Oct 11 22:14:15 host tag: two\n\xff\xfe three\nfour', 'latin1')
  const whole = await parsed(chunksOf(bytes, []))
  t.equal(whole.trimEnd().split('\n').length, 4)
  const property = fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 8 }),
    async (sizes) => (await parsed(chunksOf(bytes, sizes))) === whole,
  )
  await t.resolves(fc.assert(property, { numRuns: 50 }))
})

t.test('a chunk of tiny messages comes out in pieces of whole lines', async (t) => {
  const input = chunksOf(Buffer.from('x\n'.repeat(5000)), [])
  let pieces = 0
  let lines = 0
  for await (const piece of parseStream(input, options)) {
    pieces++
    t.ok(piece.endsWith('}\n') && piece.length < 80_000)
    lines += piece.split('\n').length - 1
  }
  t.equal(lines, 5000)
  t.ok(pieces > 5)
})

t.test('reads on only when its lines are taken', async (t) => {
  let chunks = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      chunks++
      yield Buffer.from('<13>1 - - - - - - x\n')
    }
  }
  const lines = parseStream(endless(), options)
  await lines.next()
  await lines.next()
  t.equal(chunks, 2)
  await lines.return({ truncated: 0, tooLong: 0, empty: 0, skippedBytes: 0, cutOff: 0 })
})

t.test('answers with what framing counted', async (t) => {
  const lines = parseStream(chunksOf(Buffer.from('a\n\nb'), []), options)
  let next = await lines.next()
  while (!next.done) next = await lines.next()
  t.match(next.value, { empty: 1, cutOff: 1 })
})
