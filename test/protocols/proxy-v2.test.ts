import { test } from 'tap'
import { crc32c } from '../../src/batch/crc32c.ts'
import { readProxyHeader } from '../../src/protocols/proxy-header.ts'
import { awsTlv, proxyV2, sslTlv, tlv } from '../support/proxy-headers.ts'

const signature = '0d0a0d0a000d0a515549540a'
const source = { address: '192.0.2.17', port: 51442 }
const destination = { address: '10.0.1.9', port: 6514 }

function read(bytes: Buffer | string) {
  return readProxyHeader(typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes)
}

test('TCP over IPv4, byte for byte', async (t) => {
  t.strictSame(read(`${signature} 21 11 000c c0000211 0a000109 c8f2 1972 ${Buffer.from('data').toString('hex')}`), {
    kind: 'header',
    length: 28,
    header: { version: 2, command: 'proxy', source, destination, tlvs: {} },
  })
})

test('TCP over IPv6, byte for byte; IPv4-mapped addresses are written as IPv4', async (t) => {
  const client = '20010db8000000000001000000000001'
  const mapped = '00000000000000000000ffff0a000109'
  t.match(read(`${signature} 21 21 0024 ${client} ${mapped} c8f2 1972`), {
    kind: 'header',
    length: 52,
    header: { source: { address: '2001:db8::1:0:0:1', port: 51442 }, destination: { address: '10.0.1.9', port: 6514 } },
  })
})

test("a load balancer of AWS: checksum, endpoint and padding, the checksum another program's", async (t) => {
  const endpoint = Buffer.from('vpce-0123456789abcdef0').toString('hex')
  const header = `${signature} 21 11 0039 c0000211 0a000109 c8f2 1972 03 0004 0e54dcdd ea 0017 01 ${endpoint} 04 0009 ${'00'.repeat(9)}`
  t.match(read(header), { kind: 'header', length: 73, header: { source, tlvs: { vpcEndpointId: 'vpce-0123456789abcdef0' } } })
  for (const [right, wrong] of [
    ['0e54dcdd', '0e54dcde'],
    ['c0000211', 'c0000212'],
    [' 11 0039', ' 12 0039'],
  ] as const) {
    t.strictSame(read(header.replace(right, wrong)), { kind: 'malformed', why: 'the checksum is wrong' }, `${right} was ${wrong}`)
  }
})

test('a checksum covers the header alone, wherever it lies', async (t) => {
  const header = proxyV2({ source, destination, tlvs: [awsTlv('vpce-1')], checksum: true })
  const later = Buffer.concat([Buffer.from('before'), header, Buffer.from('behind')]).subarray(6)
  t.match(read(later), { kind: 'header', length: header.length })
  t.ok(later.subarray(0, header.length).equals(header), 'nothing was written to what was read')
  const odd = proxyV2({ source, destination, tlvs: [tlv(3, Buffer.alloc(5))] })
  odd.writeUInt32BE(crc32c(odd), odd.length - 5)
  t.match(read(odd), { kind: 'malformed' }, 'right, but of five bytes')
  for (const length of [0, 3]) t.match(read(proxyV2({ source, destination, tlvs: [tlv(3, Buffer.alloc(length))] })), { kind: 'malformed' })
})

test('UDP is taken as TCP is; UNIX sockets, and what is unspecified, have no addresses', async (t) => {
  t.match(read(proxyV2({ source, destination, transport: 'dgram' })), { header: { command: 'proxy', source, destination } })
  for (const options of [
    { family: 'unix' },
    { family: 'unix', transport: 'dgram' },
    { family: 'unspec' },
    { source, destination, transport: 'unspec' },
  ] as const) {
    const header = proxyV2({ ...options, tlvs: [tlv(2, 'example.com')] })
    t.strictSame(
      read(header),
      { kind: 'header', length: header.length, header: { version: 2, command: 'proxy', tlvs: { authority: 'example.com' } } },
      JSON.stringify(options),
    )
  }
  t.match(
    read(`${signature} 21 00 0005 ffffffffff`),
    { kind: 'header', length: 21, header: { tlvs: {} } },
    'addresses of a form of their own',
  )
})

test('LOCAL: the block is skipped, whatever it holds and whichever family it names', async (t) => {
  for (const block of [
    '20 00 0000',
    '20 11 000c c0000211 0a000109 c8f2 1972',
    '20 11 0002 ffff',
    '20 ff 0003 03ffff',
    '20 00 0007 03000400000000',
  ]) {
    const bytes = Buffer.from(`${signature}${block}`.replaceAll(' ', ''), 'hex')
    t.strictSame(read(bytes), { kind: 'header', length: bytes.length, header: { version: 2, command: 'local', tlvs: {} } }, block)
  }
})

test('what the specification does not allow is malformed as soon as it is seen', async (t) => {
  for (const bytes of [
    '11',
    '31',
    '01',
    'f1',
    '22',
    '2f',
    '21 41',
    '21 f1',
    '21 13',
    '21 1f',
    '21 11 000b',
    '21 21 0023',
    '21 31 00d7',
    '21 11 1001',
    '20 00 ffff',
  ]) {
    t.equal(read(`${signature} ${bytes}`).kind, 'malformed', bytes)
  }
})

test('TLVs that end behind the header are malformed, and so are those within PP2_TYPE_SSL', async (t) => {
  const overrun = ['01', '0100', '010001', '010002ff', '04000003', 'ffffff', '0100016801']
  for (const hex of overrun) t.match(read(proxyV2({ source, destination, tlvs: [Buffer.from(hex, 'hex')] })), { kind: 'malformed' }, hex)
  for (const hex of overrun) {
    t.match(
      read(proxyV2({ source, destination, tlvs: [sslTlv(1, 0, [Buffer.from(hex, 'hex')])] })),
      { kind: 'malformed' },
      `within: ${hex}`,
    )
  }
  for (const length of [0, 1, 4]) {
    t.match(
      read(proxyV2({ source, destination, tlvs: [tlv(0x20, Buffer.alloc(length))] })),
      { kind: 'malformed' },
      `${length} bytes of SSL`,
    )
  }
})

test('a header may have 4096 bytes after its first 16', async (t) => {
  const longest = proxyV2({ source, destination, tlvs: [tlv(4, Buffer.alloc(4096 - 12 - 3))] })
  t.match(read(longest), { kind: 'header', length: 4112 })
  t.match(read(proxyV2({ source, destination, tlvs: [tlv(4, Buffer.alloc(4096 - 12 - 2))] })), { kind: 'malformed' })
})
