import { test } from 'tap'
import { encodeSockaddr } from '../../src/native/sockaddr.ts'
import { UdpOrigins } from '../../src/sources/udp-origins.ts'

function words(address: string, port: number): Uint32Array {
  const bytes = new Uint8Array(28)
  bytes.set(encodeSockaddr(address, port))
  return new Uint32Array(bytes.buffer)
}

test('one object per sender, IPv4-mapped addresses as IPv4', async (t) => {
  const origins = new UdpOrigins((address) => address !== '192.0.2.9')
  const first = origins.of('::ffff:192.0.2.1', 514)
  t.same(first, { origin: { peer: '192.0.2.1', port: 514, transport: 'udp' }, allowed: true })
  t.equal(origins.of('::ffff:192.0.2.1', 514), first)
  t.not(origins.of('::ffff:192.0.2.1', 515), first)
  t.notOk(origins.of('192.0.2.9', 1).allowed)
})

test('the same by a struct sockaddr', async (t) => {
  const origins = new UdpOrigins((address) => address !== '192.0.2.9')
  const first = origins.ofSockaddr(words('::ffff:192.0.2.1', 514))
  t.same(first, { origin: { peer: '192.0.2.1', port: 514, transport: 'udp' }, allowed: true })
  t.equal(origins.ofSockaddr(words('192.0.2.1', 514)), first)
  t.not(origins.ofSockaddr(words('192.0.2.1', 515)), first)
  t.notOk(origins.ofSockaddr(words('192.0.2.9', 1)).allowed)
  const v6 = origins.ofSockaddr(words('2001:db8::1', 514))
  t.same(v6.origin, { peer: '2001:db8::1', port: 514, transport: 'udp' })
  t.equal(origins.ofSockaddr(words('2001:db8::1', 514)), v6)
})

test('bounded: full, it forgets and goes on', async (t) => {
  const origins = new UdpOrigins(() => true, 3)
  const first = origins.of('192.0.2.1', 1)
  origins.ofSockaddr(words('192.0.2.1', 2))
  origins.ofSockaddr(words('2001:db8::1', 3))
  t.equal(origins.of('192.0.2.1', 1), first)
  origins.ofSockaddr(words('192.0.2.1', 4))
  t.not(origins.of('192.0.2.1', 1), first)
})
