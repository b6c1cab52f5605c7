import { networkInterfaces } from 'node:os'
import { test } from 'tap'
import { decodeSockaddr, encodeSockaddr, ipv4Key } from '../../src/native/sockaddr.ts'

function words(address: string, port: number): Uint32Array {
  const bytes = new Uint8Array(28)
  bytes.set(encodeSockaddr(address, port))
  return new Uint32Array(bytes.buffer)
}

test('an address and a port become what the kernel reads', async (t) => {
  t.equal(encodeSockaddr('192.0.2.1', 514).toString('hex'), '02000202c00002010000000000000000')
  const v6 = '0a000202' + '00000000' + '20010db8000000000000000000000001' + '00000000'
  t.equal(encodeSockaddr('2001:db8::1', 514).toString('hex'), v6)
  t.equal(encodeSockaddr('fe80::1%7', 1).readUInt32LE(24), 7)
})

test('and back', async (t) => {
  for (const address of [
    '0.0.0.0',
    '255.254.253.252',
    '::',
    '::1',
    '2001:db8::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '::ffff:192.0.2.1',
    'fe80::1%4711',
  ]) {
    t.same(decodeSockaddr(encodeSockaddr(address, 65_535)), { address, port: 65_535 })
  }
  const long = '2001:0DB8:0000:0000:0000:0000:0000:0001'
  t.equal(decodeSockaddr(encodeSockaddr(long, 1)).address, '2001:db8::1')
})

test("a link-local peer's zone is the name of its interface, where there is one", async (t) => {
  const [name, scope] = Object.entries(networkInterfaces())
    .flatMap(([interfaceName, all]) => (all ?? []).map((one) => [interfaceName, one.scopeid ?? 0] as const))
    .find(([, scopeId]) => scopeId > 0) ?? ['5', 5]
  t.equal(encodeSockaddr(`fe80::1%${name}`, 1).readUInt32LE(24), scope)
  t.equal(decodeSockaddr(encodeSockaddr(`fe80::1%${name}`, 1)).address, `fe80::1%${name}`)
})

test('one number for an IPv4 sender, however its address is written, and none for IPv6', async (t) => {
  const key = ipv4Key(words('192.0.2.1', 514))
  t.type(key, 'number')
  t.equal(ipv4Key(words('::ffff:192.0.2.1', 514)), key)
  const others = [words('192.0.2.1', 515), words('192.0.2.2', 514), words('2.1.192.0', 514), words('255.255.255.255', 65_535)]
  t.equal(new Set([key, ...others.map(ipv4Key)]).size, 5)
  t.equal(ipv4Key(words('2001:db8::1', 514)), undefined)
  t.equal(ipv4Key(words('::1', 514)), undefined)
})
