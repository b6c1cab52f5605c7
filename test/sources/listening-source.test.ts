import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'tap'
import { ListeningSource } from '../../src/sources/listening-source.ts'
import { FakeIntake } from '../support/fake-intake.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { ownAddress } from '../support/relay-config.ts'
import { connectTo, runSource, sendDatagrams, sourceConfig, tryConnect } from '../support/running-source.ts'

const plenty = AbortSignal.timeout(60_000)
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

function newSource(overrides: object) {
  return new ListeningSource(sourceConfig(overrides), { intake: new FakeIntake(), logger: new RecordingLogger() })
}

test('UDP and TCP share a number, also one that the system chose', async (t) => {
  const { source, intake, port } = await runSource(t)
  t.same(source.stats().listening, [{ transports: ['udp', 'tcp'], address: '127.0.0.1', port }])
  t.ok(port > 0)
  await sendDatagrams(port, ['<13>by udp'])
  ;(await connectTo(t, port)).write('<13>by tcp\n')
  await intake.received(2)
  t.same(intake.messages.map(({ text, origin }) => `${origin.transport} ${text}`).toSorted(), ['tcp <13>by tcp', 'udp <13>by udp'])
})

test('every address: :: takes IPv4, and IPv6 where the system has it', async (t) => {
  const { source, intake, port } = await runSource(t, { host: '::' })
  t.same(
    source.stats().listening.map(({ address }) => address),
    [hasIpv6 ? '::' : '0.0.0.0'],
  )
  const hosts = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  for (const host of hosts) {
    await sendDatagrams(port, ['<13>udp'], host)
    ;(await connectTo(t, port, host)).write('<13>tcp\n')
  }
  await intake.received(2 * hosts.length)
  t.same([...new Set(intake.messages.map(({ origin }) => origin.peer))].toSorted(), hosts)
})

test('localhost is 127.0.0.1, and ::1 where the system has it', async (t) => {
  const { source, port } = await runSource(t, { host: 'localhost' })
  const addresses = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  t.same(
    source.stats().listening,
    addresses.map((address) => ({ transports: ['udp', 'tcp'], address, port })),
  )
  for (const address of addresses) t.equal(await tryConnect(port, address), 'connected')
})

test('a port in use stops the start, for TCP and for UDP, and leaves nothing open', async (t) => {
  const tcp = createServer()
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  t.teardown(() => tcp.close())
  const tcpPort = (tcp.address() as { port: number }).port
  await t.rejects(newSource({ port: tcpPort }).start(), { code: 'PORT_IN_USE', message: /TCP port/, hint: /ss -lntup/ })

  const udp = createSocket('udp4')
  // On an address where nobody's TCP connection has the same port by chance.
  await new Promise<void>((resolve) => udp.bind(0, ownAddress, resolve))
  t.teardown(() => udp.close())
  const udpPort = udp.address().port
  const source = newSource({ host: ownAddress, port: udpPort })
  await t.rejects(source.start(), { code: 'PORT_IN_USE', message: /UDP port/ })
  t.equal(await tryConnect(udpPort, ownAddress), 'ECONNREFUSED')
  t.same(source.stats().listening, [])
  await source.stop(plenty)
})

test('an address that is not ours stops the start', async (t) => {
  await t.rejects(newSource({ host: '192.0.2.1' }).start(), { code: 'PORT_UNAVAILABLE', message: /192\.0\.2\.1 is not an address/ })
})

test('blocked before the start, the port stays closed until unblock', async (t) => {
  const source = newSource({})
  t.teardown(() => source.stop(plenty))
  await source.block()
  await source.start()
  const port = source.stats().listening[0]?.port ?? 0
  t.same(source.stats().listening, [{ transports: ['udp'], address: '127.0.0.1', port }])
  t.equal(await tryConnect(port), 'ECONNREFUSED')
  await source.unblock()
  t.equal(await tryConnect(port), 'connected')
})

test('stop before start, twice, and no unblock after it', async (t) => {
  const unborn = newSource({})
  await unborn.stop(plenty)
  await unborn.stop(plenty)
  const { source, port } = await runSource(t)
  await Promise.all([source.stop(plenty), source.stop(plenty)])
  await source.unblock()
  t.equal(await tryConnect(port), 'ECONNREFUSED')
})
