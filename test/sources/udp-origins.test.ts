import { test } from 'tap'
import { UdpOrigins } from '../../src/sources/udp-origins.ts'

test('one object per sender, IPv4-mapped addresses as IPv4', async (t) => {
  const origins = new UdpOrigins((address) => address !== '192.0.2.9')
  const first = origins.of('::ffff:192.0.2.1', 514)
  t.same(first, { origin: { peer: '192.0.2.1', port: 514, transport: 'udp' }, allowed: true })
  t.equal(origins.of('::ffff:192.0.2.1', 514), first)
  t.not(origins.of('::ffff:192.0.2.1', 515), first)
  t.notOk(origins.of('192.0.2.9', 1).allowed)
})

test('bounded: full, it forgets and goes on', async (t) => {
  const origins = new UdpOrigins(() => true, 3)
  const first = origins.of('192.0.2.1', 1)
  origins.of('192.0.2.1', 2)
  origins.of('192.0.2.1', 3)
  t.equal(origins.of('192.0.2.1', 1), first)
  origins.of('192.0.2.1', 4)
  t.not(origins.of('192.0.2.1', 1), first)
})
