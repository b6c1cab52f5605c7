import { type Test, test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { Collector } from '../../src/sources/collector.ts'
import { planAddresses } from '../../src/sources/listen-addresses.ts'
import { newSourceCounters } from '../../src/sources/source-counters.ts'
import { UdpSource, type UdpSourceOptions } from '../../src/sources/udp-source.ts'
import { FakeIntake } from '../support/fake-intake.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { eventually, runSource, sendDatagrams, sourceConfig } from '../support/running-source.ts'

const plenty = AbortSignal.timeout(60_000)

async function openUdp(t: Test, readDrops?: UdpSourceOptions['readDrops']) {
  const intake = new FakeIntake()
  const logger = new RecordingLogger()
  const collector = new Collector({ intake, logger, onRelief: () => undefined })
  const udp = new UdpSource(sourceConfig(), {
    intake,
    logger,
    collector,
    counters: newSourceCounters(),
    checkDropsMs: 5,
    ...(readDrops && { readDrops }),
  })
  const port = await udp.open(await planAddresses('127.0.0.1'), 0)
  t.teardown(() => udp.stop(plenty))
  return { udp, intake, logger, collector, port }
}

test('one datagram, one message, and empty ones are counted', async (t) => {
  const { source, intake, port } = await runSource(t, { transports: ['udp'] })
  await sendDatagrams(port, ['<13>one', Buffer.alloc(0), '\n', '<13>two\nlines\n'])
  await intake.received(2)
  t.same(intake.texts, ['<13>one', '<13>two\nlines'])
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'udp' })
  t.ok((intake.messages[0]?.origin.port ?? 0) > 0)
  t.equal(source.stats().empty, 2)
  t.same(source.stats().listening, [{ transports: ['udp'], address: '127.0.0.1', port }])
})

test('a datagram beyond max_message_size is cut, or dropped and counted', async (t) => {
  const cutting = await runSource(t, { max_message_size: 10 })
  await sendDatagrams(cutting.port, ['0123456789abc'])
  await cutting.intake.received(1)
  t.match(cutting.intake.messages[0], { text: '0123456789', flags: MessageFlag.truncated })
  const rejecting = await runSource(t, { max_message_size: 10, when_too_long: 'reject' })
  await sendDatagrams(rejecting.port, ['0123456789abc', '<13>short'])
  await rejecting.intake.received(1)
  t.same(rejecting.intake.drops, { too_long: 1 })
  t.same(rejecting.intake.dropsByTransport, { udp: 1 })
})

test('allow holds for UDP as well', async (t) => {
  const { source, intake, logger, port } = await runSource(t, { transports: ['udp'], allow: ['192.0.2.0/24'] })
  await sendDatagrams(port, ['<13>a', '<13>b'])
  await eventually(() => source.stats().refused.not_allowed === 2)
  t.same(intake.messages, [])
  t.equal(logger.messages('warn').length, 1)
})

test('a buffer that the system does not grant is told of, with the setting to change', async (t) => {
  const { logger } = await runSource(t, { transports: ['udp'], receive_buffer: '1GiB' })
  t.match(logger.messages('info'), [/net\.core\.rmem_max=1073741824/])
  t.match(logger.lines[0]?.fields, { wanted: 2 ** 30, granted: Number })
})

test('while the queue is full a bounded amount is held, the rest is dropped and counted', async (t) => {
  const { intake, collector, port } = await openUdp(t)
  intake.fill()
  await sendDatagrams(port, ['<13>first'])
  await intake.until(() => intake.refusals > 0)
  const datagram = Buffer.alloc(60_000, 'x')
  let kept = 1
  for (;;) {
    const before = collector.heldBytes
    await sendDatagrams(port, [datagram])
    await eventually(() => collector.heldBytes > before || (intake.drops.queue_full ?? 0) > 0)
    if (collector.heldBytes === before) break
    kept++
  }
  t.ok(collector.heldBytes <= 4 * 2 ** 20 && collector.heldBytes > 4 * 2 ** 20 - 60_000, 'the bound is 4 MiB')
  t.same(intake.drops, { queue_full: 1 })
  intake.empty()
  await intake.received(kept)
  await sendDatagrams(port, ['<13>flowing again'])
  await intake.received(kept + 1)
  t.equal(intake.texts.at(-1), '<13>flowing again')
})

test('stop reads what the socket still holds', async (t) => {
  const { source, intake, port } = await runSource(t, { transports: ['udp'] })
  await sendDatagrams(
    port,
    Array.from({ length: 50 }, (_, i) => `<13>${i}`),
  )
  await source.stop(plenty)
  t.equal(intake.messages.length, 50)
  t.same(source.stats().listening, [])
})

test('what the kernel dropped is counted once, at the latest at stop, with one line in the log', async (t) => {
  let drops: number | undefined = 5
  const asked: object[] = []
  const { udp, intake, logger, port } = await openUdp(t, async (bound) => {
    asked.push({ address: bound.address, port: bound.port })
    return drops
  })
  await intake.until(() => intake.drops.kernel === 5)
  t.same(asked[0], { address: '127.0.0.1', port })
  drops = undefined
  const before = asked.length
  await eventually(() => asked.length > before)
  drops = 12
  await udp.stop(plenty)
  t.same(intake.drops, { kernel: 12 })
  t.match(logger.messages('warn'), [/the kernel dropped datagrams.*net\.core\.rmem_max/])
})
