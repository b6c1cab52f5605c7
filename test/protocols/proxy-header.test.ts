import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { ProxiedAddress } from '../../src/core/batch.ts'
import { readProxyHeader } from '../../src/protocols/proxy-header.ts'
import { awsTlv, proxyV1, proxyV2, sslTlv, tlv } from '../support/proxy-headers.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const port = fc.integer({ min: 0, max: 65_535 })
const address = (ip: fc.Arbitrary<string>): fc.Arbitrary<ProxiedAddress> => fc.record({ address: ip, port }, { noNullPrototype: true })
const ends = fc.oneof(fc.tuple(address(fc.ipV4()), address(fc.ipV4())), fc.tuple(address(groups()), address(groups())))
const anyTlv = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: 0, max: 255 }).filter((type) => type !== 3 && type !== 0x20),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([type, value]) => tlv(type, Buffer.from(value))),
  fc.constant(sslTlv(7, 0, [tlv(0x21, 'TLSv1.3'), tlv(0x22, 'device')])),
  fc.constant(awsTlv('vpce-1')),
)
const v1 = ends.map(([source, destination]) => ({ source, destination, bytes: proxyV1(source, destination) }))
const v2 = fc
  .record({ ends, tlvs: fc.array(anyTlv, { maxLength: 6 }), checksum: fc.boolean() })
  .map(({ ends: [source, destination], ...rest }) => ({ source, destination, bytes: proxyV2({ source, destination, ...rest }) }))
const local = fc.constantFrom(proxyV2({ command: 'local', tlvs: [tlv(4, 'padding')] }), Buffer.from('PROXY UNKNOWN\r\n'))

/** Eight groups that are no IPv4-mapped address and have no zeros to leave out. */
function groups(): fc.Arbitrary<string> {
  const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16))
  return fc.array(group, { minLength: 8, maxLength: 8 }).map((parts) => parts.join(':'))
}

function holds<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void): () => void {
  return () => fc.assert(fc.property(arbitrary, check), { numRuns: 1000 })
}

test('what a load balancer writes is read again, whatever follows', async (t) => {
  const check = holds(fc.tuple(fc.oneof(v1, v2), fc.uint8Array({ maxLength: 20 })), ([{ source, destination, bytes }, data]) => {
    const reading = readProxyHeader(Buffer.concat([bytes, data]))
    assert.ok(reading.kind === 'header')
    assert.equal(reading.length, bytes.length)
    assert.deepEqual([reading.header.source, reading.header.destination], [source, destination])
  })
  t.doesNotThrow(check)
})

test('every cut of a header says "more"; undecided as long as the signature is not complete', async (t) => {
  const check = holds(
    fc.oneof(
      v1.map(({ bytes }) => bytes),
      v2.map(({ bytes }) => bytes),
      local,
    ),
    (bytes) => {
      const signatureBytes = bytes[0] === 0x50 ? 6 : 12
      for (let length = 0; length < bytes.length; length++) {
        assert.deepEqual(
          readProxyHeader(bytes.subarray(0, length)),
          { kind: 'more', undecided: length < signatureBytes },
          `${length} bytes`,
        )
      }
    },
  )
  t.doesNotThrow(check)
})

test('an answer other than "more" does not change when more bytes come', async (t) => {
  const damaged = fc
    .tuple(
      fc.oneof(v1, v2),
      fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([{ bytes }, changes, data]) => {
      const out = Buffer.concat([bytes, data])
      for (const [at, byte] of changes) if (at < out.length) out[at] = byte
      return out
    })
  const noise = fc
    .tuple(
      fc.constantFrom(Buffer.alloc(0), Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '), signature),
      fc.uint8Array({ maxLength: 150 }),
    )
    .map((parts) => Buffer.concat(parts))
  const check = holds(fc.oneof(damaged, noise), (bytes) => {
    const last = readProxyHeader(bytes)
    for (let length = 0; length < bytes.length; length++) {
      const reading = readProxyHeader(bytes.subarray(0, length))
      if (reading.kind === 'more') continue
      // How a fault is put may become more exact.
      assert.equal(reading.kind, last.kind)
      if (reading.kind === 'header') assert.deepEqual(reading, last)
      break
    }
  })
  t.doesNotThrow(check)
})

test('bytes that begin neither signature are no header; nothing throws', async (t) => {
  const check = holds(fc.uint8Array({ minLength: 1, maxLength: 40 }), (data) => {
    const bytes = Buffer.from(data)
    const text = bytes.toString('latin1')
    const begins = ['PROXY ', signature.toString('latin1')].some((start) => start.startsWith(text) || text.startsWith(start))
    assert.equal(readProxyHeader(bytes).kind !== 'none', begins)
  })
  t.doesNotThrow(check)
  for (const text of [
    '<13>1 - - - - - -\n',
    '\x16\x03\x01',
    '54 <13>',
    'PROXIES',
    'PROXY\n',
    'P ',
    '\r\nx',
    '\r\n\r\n\0\r\nQUIP',
    '{}',
    'proxy tcp4 ',
  ]) {
    t.strictSame(readProxyHeader(Buffer.from(text, 'latin1')), { kind: 'none' }, JSON.stringify(text))
  }
})

test('a random block of version 2 is a header only where each of its bytes has a place', async (t) => {
  const block = fc.tuple(fc.constantFrom(0x11, 0x21, 0x31, 0x12, 0x10), fc.uint8Array({ maxLength: 300 }))
  const check = holds(block, ([protocol, data]) => {
    const bytes = Buffer.concat([signature, Buffer.from([0x21, protocol, data.length >> 8, data.length & 0xff]), data])
    const reading = readProxyHeader(bytes)
    assert.notEqual(reading.kind, 'more')
    const addressBytes = { 1: 12, 2: 36, 3: 216 }[protocol >> 4] as number
    if (reading.kind === 'header') assert.ok(data.length >= addressBytes && endOfTlvs(data, addressBytes) === data.length)
    else assert.ok(data.length < addressBytes || endOfTlvs(data, addressBytes) !== data.length || hasSpecial(data, addressBytes))
  })
  t.doesNotThrow(check)
})

function endOfTlvs(block: Uint8Array, from: number): number {
  let at = from
  while (at < block.length) at += 3 + 256 * (block[at + 1] ?? Number.NaN) + (block[at + 2] ?? Number.NaN)
  return at
}

/** A checksum, or something about TLS: random ones are hardly ever right. */
function hasSpecial(block: Uint8Array, from: number): boolean {
  for (let at = from; at < block.length; at = at + 3 + 256 * (block[at + 1] as number) + (block[at + 2] as number)) {
    if (block[at] === 0x03 || block[at] === 0x20) return true
  }
  return false
}
