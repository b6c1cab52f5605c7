import { once } from 'node:events'
import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { Collector } from '../../src/sources/collector.ts'
import { ConnectionBudget } from '../../src/sources/connection-budget.ts'
import { planAddresses } from '../../src/sources/listen-addresses.ts'
import { newSourceCounters } from '../../src/sources/source-counters.ts'
import { syslogProtocol } from '../../src/sources/stream-protocol.ts'
import { StreamSource } from '../../src/sources/stream-source.ts'
import { FakeIntake } from '../support/fake-intake.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { closedByPeer, connectTo, eventually, runSource, sourceConfig } from '../support/running-source.ts'

const plenty = AbortSignal.timeout(60_000)

test('lines over TCP become messages that know their sender', async (t) => {
  const { source, intake, port } = await runSource(t)
  const before = Date.now()
  const client = await connectTo(t, port)
  client.write('<13>one\n<13>two\n')
  await intake.received(2)
  t.same(intake.texts, ['<13>one', '<13>two'])
  const [first] = intake.messages
  t.same(first?.origin, { peer: '127.0.0.1', port: client.localPort, transport: 'tcp' })
  t.ok((first?.receivedAtMs ?? 0) >= before && (first?.receivedAtMs ?? 0) <= Date.now(), 'received now')
  t.equal(source.stats().connections, 1)
  t.equal(source.stats().accepted, 1)
})

test('who has connected to a source whose start fails is not left with it', async (t) => {
  const config = sourceConfig()
  const [intake, logger, counters] = [new FakeIntake(), new RecordingLogger(), newSourceCounters()]
  const collector = new Collector({ intake, logger, onRelief: () => undefined })
  const source = new StreamSource(config, { intake, logger, counters, collector, protocol: syslogProtocol(config, counters) })
  const client = await connectTo(t, await source.open(await planAddresses('127.0.0.1'), 0))
  await eventually(() => source.connections === 1)
  source.close()
  await closedByPeer(client)
  t.equal(source.connections, 0)
})

test('one byte at a time, octet counting', async (t) => {
  const { intake, port } = await runSource(t)
  const client = await connectTo(t, port)
  client.setNoDelay(true)
  for (const byte of '8 <13>a\nb!9 <13>again') client.write(byte)
  await intake.received(2)
  t.same(intake.texts, ['<13>a\nb!', '<13>again'])
})

test('a sender that half-closes is read to its end, and its last line is kept and marked', async (t) => {
  const { source, intake, port } = await runSource(t)
  const client = await connectTo(t, port)
  const ended = once(client.resume(), 'end')
  client.end('<13>whole\n<13>unfinished')
  await intake.received(2)
  t.same(intake.texts, ['<13>whole', '<13>unfinished'])
  t.equal(intake.messages[1]?.flags, MessageFlag.cutOff)
  await ended
  await eventually(() => source.stats().connections === 0)
  t.equal(source.stats().cutOff, 1)
  t.equal(source.stats().healthChecks, 0)
})

test('a reset in the middle keeps what came before', async (t) => {
  const { source, intake, logger, port } = await runSource(t)
  const client = await connectTo(t, port)
  client.write('<13>whole\n<13>half')
  await intake.received(1)
  client.resetAndDestroy()
  await intake.received(2)
  t.same(intake.texts, ['<13>whole', '<13>half'])
  t.equal(intake.messages[1]?.flags, MessageFlag.cutOff)
  await eventually(() => source.stats().connections === 0)
  t.same(logger.messages('error'), [])
  t.same(logger.messages('warn'), [])
})

test('connections without a byte are health checks: counted, not logged', async (t) => {
  const { source, intake, logger, port } = await runSource(t)
  ;(await connectTo(t, port)).end()
  ;(await connectTo(t, port)).resetAndDestroy()
  await eventually(() => source.stats().healthChecks === 2)
  await eventually(() => source.stats().connections === 0)
  t.same(intake.messages, [])
  t.same([...logger.messages('info'), ...logger.messages('warn'), ...logger.messages('error')], [])
})

test('a 10 MB line is cut and counted, and the next one is whole', async (t) => {
  const { source, intake, port } = await runSource(t)
  const client = await connectTo(t, port)
  client.write(Buffer.alloc(10_000_000, 'x'))
  client.write('\n<13>next\n')
  await intake.received(2)
  t.equal(intake.texts[0]?.length, 65_536)
  t.equal(intake.messages[0]?.flags, MessageFlag.truncated)
  t.equal(intake.texts[1], '<13>next')
  t.equal(source.stats().truncated, 1)
})

test('when_too_long: reject drops and counts, on every connection', async (t) => {
  const { source, intake, port } = await runSource(t, { when_too_long: 'reject', max_message_size: 100 })
  for (const text of ['first', 'second']) {
    const client = await connectTo(t, port)
    client.write(`${'x'.repeat(200)}\n${text}\n`)
    await intake.until(() => intake.texts.includes(text))
  }
  t.same(intake.drops, { too_long: 2 })
  t.same(intake.dropsByTransport, { tcp: 2 })
  t.equal(source.stats().tooLong, 2)
})

test('junk is no reason to fall over: what can be a message is one', async (t) => {
  const { source, intake, port } = await runSource(t)
  const junk = await connectTo(t, port)
  junk.end(Buffer.concat([Buffer.from([0xff, 0x00, 0x16, 0x03, 0x80]), Buffer.from('\n99999999999 <13>x\n')]))
  await eventually(() => source.stats().accepted === 1 && source.stats().connections === 0)
  const client = await connectTo(t, port)
  client.write('<13>still here\n')
  await intake.until(() => intake.texts.includes('<13>still here'))
  t.ok(
    intake.texts.some((text) => text.includes('\x80')),
    'the junk line was kept',
  )
})

test('the sources of a process keep no more connections together than its open files allow', async (t) => {
  let limit = 2
  const budget = new ConnectionBudget(() => limit)
  const [a, b] = [await runSource(t, {}, { budget }), await runSource(t, {}, { budget })]
  const first = await connectTo(t, a.port)
  await connectTo(t, b.port)
  await eventually(() => a.source.stats().accepted + b.source.stats().accepted === 2)
  await closedByPeer(await connectTo(t, b.port))
  t.equal(b.source.stats().refused.too_many, 1)
  t.match(b.logger.messages('warn'), [/raise LimitNOFILE/])
  first.destroy()
  await eventually(() => a.source.stats().connections === 0)
  await connectTo(t, b.port)
  await eventually(() => b.source.stats().accepted === 2)
  limit = 3
  await connectTo(t, b.port)
  await eventually(() => b.source.stats().accepted === 3)
})

test('max_connections, max_connections_per_peer and allow refuse, count and say so once', async (t) => {
  const inAll = await runSource(t, { max_connections: 1 })
  const perPeer = await runSource(t, { max_connections_per_peer: 1 })
  const nobody = await runSource(t, { allow: ['10.0.0.0/8'] })
  const cases = [
    [inAll, 'too_many', 1],
    [perPeer, 'too_many_from_peer', 1],
    [nobody, 'not_allowed', 0],
  ] as const
  for (const [{ source, intake, logger, port }, reason, welcome] of cases) {
    for (let i = 0; i < welcome; i++) await connectTo(t, port)
    await eventually(() => source.stats().connections === welcome)
    for (let i = 0; i < 2; i++) {
      const refused = await connectTo(t, port)
      await closedByPeer(refused)
    }
    t.match(source.stats().refused, { not_allowed: 0, too_many: 0, too_many_from_peer: 0, [reason]: 2 })
    t.equal(source.stats().connections, welcome)
    t.equal(logger.messages('warn').length, 1)
    t.same(intake.messages, [])
  }
})

test('a place becomes free when a connection ends', async (t) => {
  const { source, intake, port } = await runSource(t, { max_connections_per_peer: 1 })
  const first = await connectTo(t, port)
  first.end('<13>a\n')
  await eventually(() => source.stats().accepted === 1 && source.stats().connections === 0)
  ;(await connectTo(t, port)).write('<13>b\n')
  await intake.received(2)
  t.same(intake.texts, ['<13>a', '<13>b'])
})

test('idle_timeout closes who is silent, and stands still while we do not read', async (t) => {
  const reading = await runSource(t, { idle_timeout: '50ms' })
  const blocked = await runSource(t, { idle_timeout: '50ms' })
  const patient = await connectTo(t, blocked.port)
  await eventually(() => blocked.source.stats().connections === 1)
  await blocked.source.block()
  for (const count of [1, 2, 3]) {
    await closedByPeer(await connectTo(t, reading.port))
    await eventually(() => reading.source.stats().connections === 0)
    t.equal(reading.source.stats().idleTimeouts, count)
  }
  t.equal(reading.source.stats().healthChecks, 0)
  t.equal(blocked.source.stats().connections, 1, 'three idle timeouts long')
  await blocked.source.unblock()
  await closedByPeer(patient)
  t.equal(blocked.source.stats().idleTimeouts, 1)
})

test('plain syslog on a port that offers only TLS, and TLS on one that offers only TCP, are turned away with a word', async (t) => {
  const tcpOnly = await runSource(t, { transports: ['tcp'] })
  const client = await connectTo(t, tcpOnly.port)
  client.write(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05]))
  await closedByPeer(client)
  t.equal(tcpOnly.source.stats().tlsFailures, 1)
  t.match(tcpOnly.logger.messages('warn'), [/speaks TLS/])
  t.same(tcpOnly.intake.messages, [])
})

test('2,000 idle connections, and messages from the last of them', async (t) => {
  const { source, intake, port } = await runSource(t)
  const clients = await Promise.all(Array.from({ length: 2000 }, () => connectTo(t, port)))
  await eventually(() => source.stats().connections === 2000)
  clients.at(-1)?.write('<13>from the last\n')
  await intake.received(1)
  await source.stop(plenty)
  t.equal(source.stats().connections, 0)
  t.same(intake.texts, ['<13>from the last'])
  t.equal(source.stats().healthChecks, 0, 'we closed them')
})

test('max_connection_age asks a sender to leave, and what it still sends is read', async (t) => {
  const { source, intake, port } = await runSource(t, { max_connection_age: '50ms' })
  const quiet = await connectTo(t, port)
  const asked = once(quiet.resume(), 'end')
  quiet.write('<13>one\n')
  await asked
  t.equal(source.stats().aged, 1)
  quiet.end('<13>two\n')
  await intake.received(2)
  t.same(intake.texts, ['<13>one', '<13>two'])
  await eventually(() => source.stats().connections === 0)
  // Inside a message, and never silent for long: asked a little later.
  const busy = await connectTo(t, port)
  const askedToo = once(busy.resume(), 'end')
  busy.write('<13>th')
  await askedToo
  busy.end('ree\n')
  await intake.received(3)
  t.equal(intake.texts[2], '<13>three')
  t.equal(source.stats().aged, 2)
})
