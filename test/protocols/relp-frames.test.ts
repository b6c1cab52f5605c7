import fc from 'fast-check'
import { test } from 'tap'
import { maxTxnr, nextTxnr, RelpFrameReader, relpFrame } from '../../src/protocols/relp-frames.ts'

interface Read {
  readonly frames: { txnr: number; command: string; data: string; length: number }[]
  readonly failure: string | undefined
  readonly atBoundary: boolean
}

/** What a reader makes of these bytes, cut at these places. */
function read(bytes: Buffer, cuts: readonly number[] = [], maxDataBytes = 1000): Read {
  const frames: Read['frames'] = []
  const reader = new RelpFrameReader({
    maxDataBytes,
    onFrame: ({ txnr, command, data, length }) => frames.push({ txnr, command, data: data.toString('latin1'), length }),
  })
  let failure: string | undefined
  let from = 0
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    // A copy that is overwritten afterwards, as a socket's buffer is.
    const chunk = Buffer.from(bytes.subarray(from, to))
    failure = reader.push(chunk)
    chunk.fill(0xff)
    from = to
  }
  return { frames, failure, atBoundary: reader.atBoundary }
}

const command = fc.oneof(fc.constantFrom('syslog', 'rsp', 'open', 'syslo', 'syslogs', 'rs'), fc.stringMatching(/^[a-zA-Z0-9]{1,32}$/))
const frame = fc.record({
  txnr: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: maxTxnr })),
  command,
  data: fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.stringMatching(/^[0-9 \nrsp]{0,20}$/).map(Buffer.from)),
})
const cuts = (bytes: Buffer) => fc.array(fc.nat(bytes.length), { maxLength: 12 })

test('frames come out as they went in, wherever the chunks are cut', async () => {
  const stream = fc
    .array(frame, { maxLength: 12 })
    .map((frames) => ({
      frames,
      bytes: Buffer.concat(frames.map(({ txnr, command, data }) => relpFrame(txnr, command, Buffer.from(data)))),
    }))
    .chain(({ frames, bytes }) => fc.record({ frames: fc.constant(frames), bytes: fc.constant(bytes), cuts: cuts(bytes) }))
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 70 }), ({ frames, bytes, cuts }, maxDataBytes) => {
      const expected = frames.map(({ txnr, command, data }) => ({
        txnr,
        command,
        data: Buffer.from(data).toString('latin1', 0, maxDataBytes),
        length: data.length,
      }))
      const found = read(bytes, cuts, maxDataBytes)
      return JSON.stringify(found) === JSON.stringify({ frames: expected, failure: undefined, atBoundary: true })
    }),
    { numRuns: 1000 },
  )
})

test('every cut of two frames, and every byte alone', async (t) => {
  const bytes = Buffer.concat([relpFrame(7, 'syslog', '<13>a b\nc'), relpFrame(999_999_999, 'close')])
  const whole = read(bytes)
  t.same(
    whole.frames.map(({ txnr, command, data, length }) => [txnr, command, data, length]),
    [
      [7, 'syslog', '<13>a b\nc', 9],
      [999_999_999, 'close', '', 0],
    ],
  )
  for (let cut = 0; cut <= bytes.length; cut++) t.same(read(bytes, [cut]), whole)
  t.same(read(bytes, [...bytes.keys()]), whole)
  for (let length = 1; length < bytes.length; length++) {
    const cut = read(bytes.subarray(0, length))
    t.equal(cut.failure, undefined, 'a beginning is no failure')
    t.equal(cut.atBoundary, length === bytes.indexOf('999999999'), `at ${length}`)
  }
})

test('hostile bytes: the same answer for every cut, and no more than is allowed', async () => {
  const pieces = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: frame.map(({ txnr, command, data }) => relpFrame(txnr, command, Buffer.from(data))) },
      fc
        .constantFrom('1 syslog 5 ', ' ', '\n', '0', '1234567890', 'a'.repeat(33), '1 rsp 0 \n', '999999999 ', '\0', '16 03 01')
        .map(Buffer.from),
      fc.uint8Array({ maxLength: 8 }).map(Buffer.from),
    ),
    { maxLength: 8 },
  )
  const stream = pieces.map((parts) => Buffer.concat(parts)).chain((bytes) => fc.record({ bytes: fc.constant(bytes), cuts: cuts(bytes) }))
  fc.assert(
    fc.property(stream, ({ bytes, cuts }) => {
      const whole = read(bytes, [], 10)
      const cut = read(bytes, cuts, 10)
      const answer = ({ frames, failure }: Read) => JSON.stringify([frames, failure?.replace(/ was expected.*/s, '')])
      return answer(cut) === answer(whole) && whole.frames.every(({ data, length }) => data.length === Math.min(10, length))
    }),
    { numRuns: 1000 },
  )
})

test('what is no RELP, in words', async (t) => {
  const cases: [string, RegExp][] = [
    ['<13>Oct 11 22:14:15 host app: x', /^a transaction number was expected where "<13>Oct 11 22:14" came/],
    [' syslog 1 x\n', /^a transaction number/],
    ['1234567890 syslog 1 x\n', /^a transaction number/],
    ['-1 syslog 1 x\n', /^a transaction number/],
    ['1  1 x\n', /^a command/],
    ['1 sys-log 1 x\n', /^a command/],
    [`1 ${'a'.repeat(33)} 1 x\n`, /^a command/],
    ['1 syslog x\n', /^the length/],
    ['1 syslog  1 x\n', /^the length/],
    ['1 syslog 1234567890 x\n', /^the length/],
    ['1 syslog 1\nx\n', /^the length of the data was expected where "\\nx\\n" came/],
    ['1 syslog 1 xy\n', /^a line feed after the data was expected where "y\\n" came/],
    ['1 syslog 0 x\n', /^a line feed/],
  ]
  for (const [text, words] of cases) {
    const { failure, frames } = read(Buffer.from(text))
    t.match(failure, words, text)
    t.same(frames, [])
  }
})

test('a length of 0, with and without the space that some write', async (t) => {
  for (const text of ['1 rsp 0\n', '1 rsp 0 \n', '001 rsp 000\n']) {
    t.same(read(Buffer.from(text)).frames, [{ txnr: 1, command: 'rsp', data: '', length: 0 }])
  }
})

test('after a failure nothing more is read', async (t) => {
  const frames: number[] = []
  const reader = new RelpFrameReader({ maxDataBytes: 10, onFrame: ({ txnr }) => frames.push(txnr) })
  const failure = reader.push(Buffer.from('1 rsp 0\nx'))
  t.match(failure, 'a transaction number')
  t.equal(reader.push(relpFrame(2, 'rsp')), failure)
  t.same(frames, [1])
})

test('data that lies whole in the chunk is not copied', async (t) => {
  const chunk = relpFrame(1, 'syslog', 'hello')
  new RelpFrameReader({ maxDataBytes: 10, onFrame: ({ data }) => t.equal(data.buffer, chunk.buffer) }).push(chunk)
})

test('a frame of gigabytes is passed over in the memory of its beginning', async (t) => {
  const frames: { data: string; length: number }[] = []
  const reader = new RelpFrameReader({ maxDataBytes: 5, onFrame: ({ data, length }) => frames.push({ data: `${data}`, length }) })
  const chunk = Buffer.alloc(1_000_000, 'abcdefgh')
  reader.push(Buffer.from(`1 syslog 999999999 `))
  for (let i = 0; i < 999; i++) reader.push(chunk)
  reader.push(chunk.subarray(1))
  t.equal(reader.push(Buffer.from('\n2 syslog 2 hi\n')), undefined)
  t.same(frames, [
    { data: 'abcde', length: 999_999_999 },
    { data: 'hi', length: 2 },
  ])
})

test('transaction numbers begin anew at 1', async (t) => {
  t.equal(nextTxnr(1), 2)
  t.equal(nextTxnr(999_999_998), 999_999_999)
  t.equal(nextTxnr(999_999_999), 1)
})
