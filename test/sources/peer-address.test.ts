import { test } from 'tap'
import { allowList, peerAddress } from '../../src/sources/peer-address.ts'

test('IPv4-mapped addresses are written as IPv4, all others stay', async (t) => {
  t.equal(peerAddress('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(peerAddress('192.0.2.1'), '192.0.2.1')
  t.equal(peerAddress('::ffff:1'), '::ffff:1')
  t.equal(peerAddress('2001:db8::1'), '2001:db8::1')
})

test('networks allow what lies in them', async (t) => {
  const allowed = allowList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108'])
  for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8:1::5', '172.31.0.1']) t.ok(allowed(address), address)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '172.32.0.1', 'fe80::1%eth0', 'nonsense', ''])
    t.notOk(allowed(address), address)
  t.ok(allowList(['fe80::/10'])('fe80::1%eth0'), 'a zone is no part of the address')
})

test('no list allows everybody', async (t) => {
  t.ok(allowList(undefined)('203.0.113.1'))
})
