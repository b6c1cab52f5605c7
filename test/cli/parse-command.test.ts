import t from 'tap'
import { FakeTerminal, run } from './fake-terminal.ts'

function parse(text: string[], ...args: string[]) {
  return run(['parse', ...args], { terminal: new FakeTerminal(text) })
}

t.test('one JSON object a line', async (t) => {
  const { status, out, err } = await parse(['<34>1 2003-10-11T22:14:15.003Z host su - ID47 - hi\n<13>1 - - - ', '- - - there\n'])
  t.equal(status, 0)
  t.equal(err, '')
  const [first, second, ...more] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  t.same(more, [])
  t.match(first, {
    '@timestamp': '2003-10-11T22:14:15.003Z',
    message: 'hi',
    log: { syslog: { priority: 34, hostname: 'host', appname: 'su', msgid: 'ID47' } },
  })
  t.match(second, { message: 'there', event: { original: '<13>1 - - - - - - there' } })
})

t.test('framing, type and time zone are what the options say', async (t) => {
  const counted = await parse(['3 a\nb2 cd'], '--framing', 'octet-counting')
  t.match(
    counted.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
    [{ event: { original: 'a\nb' } }, { event: { original: 'cd' } }],
  )
  const zoned = await parse(['<13>2026-01-02T03:04:05 host x: y\n'], '--timezone', '+02:00', '--type', 'generic-rfc3164')
  const { '@timestamp': time } = JSON.parse(zoned.out) as { '@timestamp': string }
  t.equal(new Date(time).toISOString(), '2026-01-02T01:04:05.000Z')
})

t.test('what cannot be parsed is printed whole, and marked', async (t) => {
  const { status, out } = await parse(['\x01\x02 junk\n'])
  t.equal(status, 0)
  const parsed = JSON.parse(out) as { tags: string[] }
  t.match(parsed, { event: { original: '\x01\x02 junk' } })
  t.ok(parsed.tags.length > 0)
})

t.test('what framing had to do is said on standard error', async (t) => {
  const { out, err } = await parse([`<13>${'x'.repeat(70_000)}\n<13>unfinished`], '--framing', 'newline')
  t.equal(out.trimEnd().split('\n').length, 2)
  t.match(err, /1 messages cut to 65536 bytes\n.*ended inside the last message\n$/s)
})

t.test('nothing in, nothing out', async (t) => {
  t.match(await parse([]), { status: 0, out: '', err: '' })
})

t.test('reads no further when nobody reads any more', async (t) => {
  let chunks = 0
  let ended = false
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        chunks++
        yield Buffer.from('<13>x\n')
      }
    } finally {
      ended = true
    }
  }
  const { status } = await run(['parse'], { terminal: new FakeTerminal(endless(), 2) })
  t.equal(status, 0)
  t.equal(chunks, 2)
  t.ok(ended, 'the input is let go')
})
