import { test } from 'tap'
import { readProxyHeader } from '../../src/protocols/proxy-header.ts'

const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'))
const address = (text: string) => {
  const reading = read(text)
  return reading.kind === 'header' ? reading.header.source?.address : reading.kind
}

test('the example of the specification (2.1); what follows it is not looked at', async (t) => {
  const line = 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n'
  t.strictSame(read(`${line}GET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n`), {
    kind: 'header',
    length: line.length,
    header: {
      version: 1,
      command: 'proxy',
      source: { address: '192.168.0.1', port: 56324 },
      destination: { address: '192.168.0.11', port: 443 },
      tlvs: {},
    },
  })
})

test('the longest lines that the specification names', async (t) => {
  const longest = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
  for (const [line, source] of [
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
    [`PROXY TCP6 ${longest} ${longest} 65535 65535\r\n`, longest],
    [`PROXY UNKNOWN ${longest} ${longest} 65535 65535\r\n`, undefined],
  ] as const) {
    t.ok([56, 104, 107].includes(line.length), `${line.length} bytes`)
    t.equal(address(line), source)
  }
})

test('UNKNOWN is the proxy speaking for itself, whatever stands behind it', async (t) => {
  for (const rest of ['', ' ', ' nonsense \r more', ' 1.2.3.4 5.6.7.8 1 2']) {
    const line = `PROXY UNKNOWN${rest}\r\n`
    t.strictSame(read(`${line}data`), { kind: 'header', length: line.length, header: { version: 1, command: 'local', tlvs: {} } }, line)
  }
})

test('addresses are written as everywhere else: IPv4-mapped ones as IPv4, IPv6 by RFC 5952', async (t) => {
  for (const [given, written] of [
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:0207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:0:304', '0.0.3.4'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['::1.2.3.4', '::102:304'],
    ['::ffff:1:2:3', '::ffff:1:2:3'],
    ['::', '::'],
  ] as const) {
    t.equal(address(`PROXY TCP6 ${given} ::1 1 2\r\n`), written, given)
  }
})

test("a destination of the other family is taken, as NGINX's realip module makes it; a source is not", async (t) => {
  t.equal(address('PROXY TCP4 192.0.2.7 2001:db8::1 1 2\r\n'), '192.0.2.7')
  t.equal(address('PROXY TCP6 2001:db8::7 192.0.2.1 1 2\r\n'), '2001:db8::7')
  t.equal(address('PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n'), 'malformed')
  t.equal(address('PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n'), 'malformed')
})

test('what begins with "PROXY " and is no header is malformed', async (t) => {
  for (const line of [
    'TCP4 192.0.2.1 192.0.2.2 1 2\n',
    'TCP4 192.0.2.1 192.0.2.2 1 2\n\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1 2 \r\n',
    'TCP4  192.0.2.1 192.0.2.2 1 2\r\n',
    ' TCP4 192.0.2.1 192.0.2.2 1 2\r\n',
    'TCP4 192.0.2.1 192.0.2.2 01 2\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1 65536\r\n',
    'TCP4 192.0.2.1 192.0.2.2 -1 2\r\n',
    'TCP4 192.0.2.1 192.0.2.2 1 \r\n',
    'TCP4 192.0.2.1 192.0.2.2 1e3 2\r\n',
    'TCP4 192.0.2.256 192.0.2.2 1 2\r\n',
    'TCP4 192.0.2.01 192.0.2.2 1 2\r\n',
    'TCP4 192.0.2 192.0.2.2 1 2\r\n',
    'TCP4 0xc0000201 192.0.2.2 1 2\r\n',
    'TCP4 3221225985 192.0.2.2 1 2\r\n',
    'TCP4 localhost 192.0.2.2 1 2\r\n',
    'TCP6 ::ffff:192.0.2.01 ::1 1 2\r\n',
    'TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'TCP6 [::1] ::1 1 2\r\n',
    'TCP6 ::1]/[ ::1 1 2\r\n',
    'TCP6 1::2::3 ::1 1 2\r\n',
    'TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n',
    'TCP6 12345::1 ::1 1 2\r\n',
    'tcp4 192.0.2.1 192.0.2.2 1 2\r\n',
    'UDP4 192.0.2.1 192.0.2.2 1 2\r\n',
    'UNKNOWNS\r\n',
    'UNKNOWN \n\r\n',
    '\r\n',
    '\n',
  ]) {
    t.equal(read(`PROXY ${line}data`).kind, 'malformed', JSON.stringify(line))
  }
})

test('without a line end in 107 bytes it is malformed, and waited for until then', async (t) => {
  const open = `PROXY UNKNOWN ${'x'.repeat(92)}`
  t.equal(open.length, 106)
  t.strictSame(read(open), { kind: 'more', undecided: false })
  t.equal(read(`${open.slice(0, 105)}\r\n`).kind, 'header')
  t.equal(read(`${open}\r`).kind, 'malformed')
  t.equal(read(`${open}\r\n`).kind, 'malformed')
})

test('why it is malformed says nothing of what was received', async (t) => {
  for (const line of ['PROXY \x1b[31m\r\n', 'PROXY TCP4 \x1b[31m 1.2.3.4 1 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 \x1b[31m 2\r\n']) {
    const reading = read(line)
    t.match(reading, { kind: 'malformed' })
    t.notMatch('why' in reading && reading.why, /\[31m/)
  }
})
