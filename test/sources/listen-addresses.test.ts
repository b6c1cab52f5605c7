import { test } from 'tap'
import { bindAll, bindError, type ListenPlan, planAddresses } from '../../src/sources/listen-addresses.ts'

const failure = (code: string) => Object.assign(new Error(code), { code })
const bindWith = (codes: Record<string, string>) => async (address: string) => {
  const code = codes[address]
  if (code !== undefined) throw failure(code)
  return address
}

test('what a host stands for', async (t) => {
  t.same(await planAddresses('::'), { host: '::', addresses: ['::'], anySuffices: false, fallback: '0.0.0.0' })
  t.match(await planAddresses('192.0.2.1'), { addresses: ['192.0.2.1'], anySuffices: false })
  t.match(await planAddresses('fe80::1%eth0'), { addresses: ['fe80::1%eth0'] })
  t.match(await planAddresses('localhost'), { addresses: ['127.0.0.1', '::1'], anySuffices: true })
  await t.rejects(planAddresses('no-such-host.invalid'), { code: 'PORT_UNAVAILABLE', message: /no-such-host\.invalid/ })
})

test('a name binds what there is of it; an address must be there; :: falls back to IPv4', async (t) => {
  const name: ListenPlan = { host: 'localhost', addresses: ['127.0.0.1', '::1'], anySuffices: true }
  const released: string[] = []
  const release = (address: string) => released.push(address)
  t.same(await bindAll(name, bindWith({}), release), ['127.0.0.1', '::1'])
  t.same(await bindAll(name, bindWith({ '::1': 'EADDRNOTAVAIL' }), release), ['127.0.0.1'])
  t.same(released, [])
  await t.rejects(bindAll(name, bindWith({ '::1': 'EADDRINUSE' }), release), { code: 'EADDRINUSE' })
  t.same(released, ['127.0.0.1'], 'a port that is taken is not tolerated, and nothing stays open')
  await t.rejects(bindAll(name, bindWith({ '127.0.0.1': 'EADDRNOTAVAIL', '::1': 'EAFNOSUPPORT' }), release), { code: 'EADDRNOTAVAIL' })
  const one: ListenPlan = { host: '192.0.2.1', addresses: ['192.0.2.1'], anySuffices: false }
  await t.rejects(bindAll(one, bindWith({ '192.0.2.1': 'EADDRNOTAVAIL' }), release), { code: 'EADDRNOTAVAIL' })
  const all = await planAddresses('::')
  t.same(await bindAll(all, bindWith({ '::': 'EAFNOSUPPORT' }), release), ['0.0.0.0'])
  await t.rejects(bindAll(all, bindWith({ '::': 'EADDRINUSE' }), release), { code: 'EADDRINUSE' })
})

test('bind failures in the terms of docs/errors.md, with what to do next', async (t) => {
  const cases = [
    ['EADDRINUSE', 'PORT_IN_USE', /in use by another program/, /ss -lntup/],
    ['EACCES', 'PORT_UNAVAILABLE', /may not be opened by this user/, /CAP_NET_BIND_SERVICE/],
    ['EADDRNOTAVAIL', 'PORT_UNAVAILABLE', /192\.0\.2\.1 is not an address of this machine/, /::/],
    ['ENOBUFS', 'PORT_UNAVAILABLE', /cannot be opened: ENOBUFS/, /cause/],
  ] as const
  for (const [code, expected, message, hint] of cases) {
    t.match(bindError(failure(code), 'TCP', '192.0.2.1', 514), { code: expected, message, hint, cause: { code } })
  }
})
