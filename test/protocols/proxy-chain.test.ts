import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { readProxyChain } from '../../src/protocols/proxy-chain.ts'
import { awsTlv, proxyV1, proxyV2, tlv } from '../support/proxy-headers.ts'

const peer = '10.0.0.1'
const inner = { address: '10.0.0.2', port: 40_001 }
const client = { address: '192.0.2.7', port: 51_442 }
const front = { address: '203.0.113.9', port: 514 }
const middle = { address: '10.0.9.9', port: 10_514 }
const trusted = (address: string) => address.startsWith('10.')

const outerHeader = proxyV2({ source: inner, destination: middle, tlvs: [awsTlv('vpce-1'), tlv(2, 'middle.example')] })
const innerHeader = proxyV2({ source: client, destination: front, tlvs: [tlv(2, 'front.example')] })
const local = proxyV2({ command: 'local' })
const data = Buffer.from('<13>1 - - - - - - hello\n')

const read = (...parts: readonly Buffer[]) => readProxyChain(Buffer.concat(parts), peer, trusted)

test('one header: its source is the client, and whoever spoke is kept', async (t) => {
  for (const header of [proxyV1(client, front), proxyV2({ source: client, destination: front })]) {
    const chain = { length: header.length, headers: 1, client, info: { peer, destination: front }, mayContinue: false }
    t.strictSame(read(header, data), { kind: 'chain', chain })
    t.strictSame(read(header), { kind: 'chain', chain }, 'a client that is silent')
  }
})

test('no header at all is a chain of none; what may become one needs more', async (t) => {
  const none = { length: 0, headers: 0, mayContinue: false }
  t.strictSame(read(data), { kind: 'chain', chain: none })
  t.match(read(), { kind: 'more', undecided: true, chain: { length: 0, headers: 0 } })
  t.match(read(Buffer.from('PROX')), { kind: 'more', undecided: true, chain: { length: 0, headers: 0 } })
  t.match(read(Buffer.from('PROXY TCP4')), { kind: 'more', undecided: false, chain: { length: 0, headers: 0 } })
  t.match(read(Buffer.from('PROXY nobody\r\n')), { kind: 'malformed' })
})

test('a header behind that of a trusted source is believed; what the inner one says goes before', async (t) => {
  t.strictSame(read(outerHeader, innerHeader, data), {
    kind: 'chain',
    chain: {
      length: outerHeader.length + innerHeader.length,
      headers: 2,
      client,
      info: { peer, destination: front, vpcEndpointId: 'vpce-1', authority: 'front.example' },
      mayContinue: false,
    },
  })
  t.match(read(outerHeader, proxyV1(client, front), data), { chain: { headers: 2, client } }, 'of either version')
})

test('a header behind that of an untrusted source is data: a client cannot name itself', async (t) => {
  const forged = proxyV2({ source: { address: '10.0.0.99', port: 1 }, destination: front })
  t.match(read(innerHeader, forged, data), { kind: 'chain', chain: { length: innerHeader.length, headers: 1, client, mayContinue: false } })
  t.match(read(innerHeader, Buffer.from('PROXY nonsense\r\n')), { kind: 'chain', chain: { length: innerHeader.length, headers: 1 } })
  t.match(read(innerHeader, Buffer.from('PROX')), { kind: 'chain', chain: { length: innerHeader.length, mayContinue: false } })
})

test('behind LOCAL there is only data, and whoever was known stays the client', async (t) => {
  const known = { length: local.length, headers: 1, info: { peer }, mayContinue: false }
  t.strictSame(read(local), { kind: 'chain', chain: known })
  t.strictSame(read(local, innerHeader), { kind: 'chain', chain: known })
  t.strictSame(read(Buffer.from('PROXY UNKNOWN\r\n'), innerHeader), { kind: 'chain', chain: { ...known, length: 15 } })
  t.match(read(outerHeader, local, innerHeader), {
    chain: { length: outerHeader.length + local.length, headers: 2, client: inner, info: { destination: middle }, mayContinue: false },
  })
})

test('a UNIX socket names no client, and nobody who could be trusted', async (t) => {
  const unix = proxyV2({ family: 'unix', tlvs: [tlv(2, 'front.example')] })
  t.strictSame(read(unix, innerHeader), {
    kind: 'chain',
    chain: { length: unix.length, headers: 1, info: { peer, authority: 'front.example' }, mayContinue: false },
  })
})

test('a complete header of a trusted source holds nobody up, and may be continued', async (t) => {
  const chain = { length: outerHeader.length, headers: 1, client: inner, mayContinue: true }
  t.match(read(outerHeader), { kind: 'chain', chain })
  t.match(read(outerHeader, data), { kind: 'chain', chain: { ...chain, mayContinue: false } })
  t.match(read(outerHeader, innerHeader.subarray(0, 5)), { kind: 'more', undecided: true, chain })
  t.match(read(outerHeader, innerHeader.subarray(0, 12)), { kind: 'more', undecided: false, chain })
  t.match(read(outerHeader, Buffer.from('PROXY TCP5 \r\n')), { kind: 'malformed' }, 'it is a header of somebody trusted')
})

test('at most 8 headers', async (t) => {
  const headers = (count: number) => Array.from({ length: count }, () => outerHeader)
  t.match(read(...headers(8)), { kind: 'chain', chain: { headers: 8, mayContinue: true } })
  t.match(read(...headers(8), data), { kind: 'chain', chain: { headers: 8, client: inner, mayContinue: false } })
  t.match(read(...headers(9)), { kind: 'malformed' })
  t.match(read(...headers(7), innerHeader, outerHeader), { kind: 'chain', chain: { headers: 8, client } })
})

test('however a connection is cut, reading from its first byte ends with the same chain', async (t) => {
  const header = fc.constantFrom(
    outerHeader,
    innerHeader,
    local,
    proxyV1(inner, middle),
    proxyV1(client, front),
    Buffer.from('PROXY UNKNOWN\r\n'),
  )
  const property = fc.property(fc.array(header, { minLength: 1, maxLength: 6 }), (headers) => {
    const bytes = Buffer.concat([...headers, data])
    const last = read(bytes)
    assert.ok(last.kind === 'chain')
    for (let length = 1; length < bytes.length; length++) {
      const reading = read(bytes.subarray(0, length))
      assert.notEqual(reading.kind, 'malformed')
      if (reading.kind !== 'chain') continue
      if (reading.chain.mayContinue) assert.ok(reading.chain.length === length)
      else assert.deepEqual(reading, last)
    }
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 200 }))
})
