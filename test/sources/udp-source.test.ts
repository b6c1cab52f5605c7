import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { sendNow } from '../support/native-udp.ts'
import { eventually, sendDatagrams } from '../support/running-source.ts'
import { openUdp, plenty, readers } from '../support/udp-ports.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `<13>${i}`)

for (const { name, ports } of readers) {
  test(`${name}: one datagram, one message, and empty ones are counted`, async (t) => {
    const { udp, intake, counters, port } = await openUdp(t, ports(t))
    sendNow(port, ['<13>one', Buffer.alloc(0), '\n', '<13>two\nlines\n', '\0<13>three\r\n\0'])
    await intake.received(3)
    t.same(intake.texts, ['<13>one', '<13>two\nlines', '\0<13>three'])
    t.same(
      intake.messages.map(({ flags }) => flags),
      [0, 0, 0],
    )
    t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'udp' })
    t.ok(Math.abs(Date.now() - (intake.messages[0]?.receivedAtMs ?? 0)) < 60_000)
    t.equal(counters.framing.empty, 2)
    t.same(udp.listening, [{ address: '127.0.0.1', port }])
  })

  test(`${name}: many senders at once, each message with its own`, async (t) => {
    const { intake, port } = await openUdp(t, ports(t), { receive_buffer: '4MiB' })
    const sockets = Array.from({ length: 5 }, () => createSocket('udp4'))
    for (const socket of sockets) await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    for (let i = 0; i < 200; i++) {
      const socket = sockets[(i * i) % 5] as (typeof sockets)[0]
      await new Promise((resolve) => socket.send(`<13>${i} from ${socket.address().port}`, port, '127.0.0.1', resolve))
    }
    for (const socket of sockets) socket.close()
    await intake.received(200)
    t.same(
      intake.messages.map(({ text }) => Number(/\d+(?= from)/.exec(text)?.[0])),
      Array.from({ length: 200 }, (_, i) => i),
    )
    t.same(
      intake.messages.filter(({ text, origin }) => !text.endsWith(`from ${origin.port}`)),
      [],
    )
  })

  test(`${name}: a datagram beyond max_message_size is cut, or dropped and counted`, async (t) => {
    const datagrams = ['0123456789abc', '<13>short', '0123456789\n']
    const cutting = await openUdp(t, ports(t), { max_message_size: 10 })
    sendNow(cutting.port, datagrams)
    await cutting.intake.received(3)
    t.same(cutting.intake.texts, ['0123456789', '<13>short', '0123456789'])
    t.same(
      cutting.intake.messages.map(({ flags }) => flags),
      [MessageFlag.truncated, 0, 0],
    )
    t.equal(cutting.counters.framing.truncated, 1)
    const rejecting = await openUdp(t, ports(t), { max_message_size: 10, when_too_long: 'reject' })
    sendNow(rejecting.port, datagrams)
    await rejecting.intake.received(2)
    t.same(rejecting.intake.texts, ['<13>short', '0123456789'])
    t.same(rejecting.intake.drops, { too_long: 1 })
    const stored = rejecting.intake.batches.map(({ bytes }) => bytes.length)
    t.equal(
      stored.reduce((sum, bytes) => sum + bytes, 0),
      19,
      'what is refused is not stored',
    )
    t.same(rejecting.intake.dropsByTransport, { udp: 1 })
  })

  test(`${name}: allow holds for UDP as well`, async (t) => {
    const { intake, logger, counters, port } = await openUdp(t, ports(t), { host: '::', allow: ['192.0.2.0/24', '::1'] })
    sendNow(port, ['<13>a', '<13>b'])
    if (hasIpv6) sendNow(port, ['<13>c'], '::1')
    await eventually(() => counters.refused.not_allowed === 2 && intake.messages.length === (hasIpv6 ? 1 : 0))
    t.same(intake.texts, hasIpv6 ? ['<13>c'] : [])
    t.equal(logger.messages('warn').length, 1)
  })

  test(`${name}: every address, and a peer of an IPv4-mapped address is an IPv4 one`, async (t) => {
    const { udp, intake, port } = await openUdp(t, ports(t), { host: '::' })
    t.same(udp.listening, [{ address: hasIpv6 ? '::' : '0.0.0.0', port }])
    const hosts = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
    for (const host of hosts) sendNow(port, ['<13>x'], host)
    await intake.received(hosts.length)
    t.same(intake.messages.map(({ origin }) => origin.peer).toSorted(), hosts)
  })

  test(`${name}: a port that is taken, and an address that is not ours`, async (t) => {
    const { port } = await openUdp(t, ports(t))
    await t.rejects(openUdp(t, ports(t), { port }), { code: 'PORT_IN_USE', message: /UDP port/, hint: /ss -lntup/ })
    await t.rejects(openUdp(t, ports(t), { port, udp_sockets: 2 }), { code: 'PORT_IN_USE' })
    await t.rejects(openUdp(t, ports(t), { host: '192.0.2.1' }), { code: 'PORT_UNAVAILABLE', message: /192\.0\.2\.1 is not an address/ })
    // 127.0.0.1 is free, ::1 is not: neither stays open.
    if (!hasIpv6) return
    const other = await openUdp(t, ports(t), { host: '::1' })
    await t.rejects(openUdp(t, ports(t), { host: 'localhost', port: other.port }), { code: 'PORT_IN_USE' })
    await other.stop()
    const again = createSocket('udp4')
    t.teardown(() => again.close())
    await t.resolves(new Promise<void>((resolve, reject) => again.once('error', reject).bind(other.port, '127.0.0.1', resolve)))
  })

  test(`${name}: while the queue is full a bounded amount is held, the rest is dropped and counted`, async (t) => {
    const { intake, collector, port } = await openUdp(t, ports(t), { receive_buffer: '4MiB' })
    intake.fill()
    sendNow(port, ['<13>first'])
    await intake.until(() => intake.refusals > 0)
    const datagram = Buffer.alloc(60_000, 'x')
    let kept = 1
    for (let dropped = 0; dropped < 20; dropped = intake.drops.queue_full ?? 0) {
      const before = collector.heldBytes
      sendNow(port, [datagram, datagram, datagram])
      await eventually(() => collector.heldBytes - before + 60_000 * ((intake.drops.queue_full ?? 0) - dropped) >= 180_000)
      kept += 3 - ((intake.drops.queue_full ?? 0) - dropped)
    }
    t.ok(collector.heldBytes <= 4 * 2 ** 20 && collector.heldBytes > 4 * 2 ** 20 - 60_000, 'the bound is 4 MiB')
    t.same(Object.keys(intake.drops), ['queue_full'])
    intake.empty()
    await intake.received(kept)
    sendNow(port, ['<13>flowing again'])
    await intake.received(kept + 1)
    t.equal(intake.texts.at(-1), '<13>flowing again')
  })

  test(`${name}: stop reads what the kernel holds, and is safe twice`, async (t) => {
    const { udp, intake, port, stop } = await openUdp(t, ports(t), { receive_buffer: '4MiB' })
    sendNow(port, numbered(2000))
    await Promise.all([udp.stop(plenty), udp.stop(plenty)])
    await stop()
    t.same(intake.texts, numbered(2000))
    t.same(udp.listening, [])
    const { port: again } = await openUdp(t, ports(t), { port })
    t.equal(again, port)
  })

  test(`${name}: whatever the kernel drops is counted, to the last datagram`, async (t) => {
    const { intake, logger, port, stop } = await openUdp(t, ports(t), { receive_buffer: '1MiB' }, 60_000)
    // No turn of the event loop: the ring fills up, if there is one, and then the socket's buffer.
    const datagram = Buffer.alloc(60_000, 'x')
    sendNow(port, Array<Buffer>(1000).fill(datagram))
    await stop()
    const { kernel = 0, ...others } = intake.drops
    t.ok(kernel > 0 && intake.messages.length > 0)
    t.equal(intake.messages.length + kernel, 1000)
    t.same(others, {})
    t.match(logger.messages('warn'), [/the kernel dropped datagrams.*net\.core\.rmem_max/])
  })
}

test('what the kernel dropped is counted once, while it runs as well', async (t) => {
  let drops = 5
  let looks = 0
  const ports = {
    open: async () => ({
      address: '127.0.0.1',
      port: 1,
      receiveBuffer: 2 ** 20,
      newDrops: async () => {
        looks++
        const now = drops
        drops = 0
        return now
      },
      drain: async () => {
        drops = 7
      },
      close: async () => undefined,
    }),
  }
  const { intake, logger, stop } = await openUdp(t, ports)
  await eventually(() => intake.drops.kernel === 5)
  const before = looks
  await eventually(() => looks > before)
  await stop()
  t.same(intake.drops, { kernel: 12 })
  t.equal(logger.messages('warn').length, 1)
})

test('a buffer that the system does not grant is told of, with the setting to change', async (t) => {
  const granting = (receiveBuffer: number) => ({
    open: async () => ({
      address: '127.0.0.1',
      port: 1,
      receiveBuffer,
      newDrops: async () => 0,
      drain: async () => undefined,
      close: async () => undefined,
    }),
  })
  const { logger } = await openUdp(t, granting(4096), { receive_buffer: '1MiB' })
  t.match(logger.messages('info'), [/net\.core\.rmem_max=1048576/])
  t.match(logger.lines[0]?.fields, { wanted: 2 ** 20, granted: 4096, rmemMax: Number })
  const satisfied = await openUdp(t, granting(2 ** 20), { receive_buffer: '1MiB' })
  t.same(satisfied.logger.messages('info'), [])
})

test('datagrams sent by another process reach the source in a turn of their own', async (t) => {
  const { intake, port } = await openUdp(t, (readers[0] as (typeof readers)[0]).ports(t))
  for (let i = 1; i <= 3; i++) {
    await sendDatagrams(port, [`<13>${i}`])
    await intake.received(i)
  }
  t.same(intake.texts, ['<13>1', '<13>2', '<13>3'])
})
