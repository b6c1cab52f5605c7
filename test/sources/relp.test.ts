import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { relpFrame } from '../../src/protocols/relp-frames.ts'
import { proxyV1 } from '../support/proxy-headers.ts'
import { RelpClient, relpOffers } from '../support/relp-client.ts'
import { connectTo, eventually, type RunningSource, runRelp } from '../support/running-source.ts'

type Context = Parameters<typeof connectTo>[0]

async function connected(t: Context, port: number): Promise<RelpClient> {
  return new RelpClient(await connectTo(t, port))
}

/** A source whose queue takes messages and stores them only when told to, and a client with an open session. */
async function holding(t: Context): Promise<RunningSource & { readonly client: RelpClient }> {
  const running = await runRelp(t)
  running.intake.hold()
  return { ...running, client: await (await connected(t, running.port)).open() }
}

test('a session is opened, messages are acknowledged one by one, close is answered', async (t) => {
  const { source, intake, port } = await runRelp(t)
  const client = await connected(t, port)
  await client.open()
  t.equal(client.answers[0], '1 rsp 200 OK\nrelp_version=0\nrelp_software=logrelay\ncommands=syslog')
  client.send(2, 'syslog', '<13>one')
  client.send(3, 'syslog', '<13>two\nlines')
  await client.until(() => client.acknowledged.length === 2)
  t.same(client.acknowledged, [2, 3])
  t.same(intake.texts, ['<13>one', '<13>two\nlines'])
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', transport: 'relp' })
  client.send(4, 'close')
  await client.until(() => client.ended)
  t.same(client.answers.slice(-2), ['4 rsp', '0 serverclose'])
  client.socket.end()
  await eventually(() => source.stats().connections === 0)
})

test('nothing is acknowledged before it is durable, and close waits for it', async (t) => {
  const { intake, client } = await holding(t)
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  client.send(3, 'syslog', '<13>two')
  client.send(4, 'close')
  t.equal(client.answers.length, 1, 'only the session is answered')
  intake.store()
  await client.until(() => client.ended)
  t.same(client.answers.slice(1), ['2 rsp 200 OK', '3 rsp 200 OK', '4 rsp', '0 serverclose'])
})

test('what a full queue does not take is not acknowledged until it does', async (t) => {
  const { intake, client } = await holding(t)
  intake.fill()
  client.send(2, 'syslog', '<13>one')
  await intake.until(() => intake.refusals > 0)
  t.equal(client.answers.length, 1)
  intake.empty()
  await intake.received(1)
  intake.store()
  await client.until(() => client.acknowledged.length === 1)
  t.same(intake.texts, ['<13>one'])
})

test('any chunking, and many messages in one chunk', async (t) => {
  const { intake, port } = await runRelp(t)
  const client = await connected(t, port)
  client.socket.setNoDelay(true)
  for (const byte of relpFrame(1, 'open', relpOffers)) client.socket.write(Buffer.of(byte))
  for (const byte of relpFrame(2, 'syslog', '<13>slowly')) client.socket.write(Buffer.of(byte))
  const count = 20_000
  client.socket.write(Buffer.concat(Array.from({ length: count }, (_, i) => relpFrame(i + 3, 'syslog', `<13>${i}`))))
  await client.until(() => client.acknowledged.length === count + 1)
  t.same(
    client.acknowledged,
    Array.from({ length: count + 1 }, (_, i) => i + 2),
  )
  t.equal(intake.messages.length, count + 1)
  t.equal(intake.texts.at(-1), `<13>${count - 1}`)
})

test('too long, empty and cut off: cut or counted, acknowledged where nothing more can come of it', async (t) => {
  const cutting = await runRelp(t, { max_message_size: 10 })
  const client = await (await connected(t, cutting.port)).open()
  client.send(2, 'syslog', '<13>0123456789')
  client.send(3, 'syslog')
  await client.until(() => client.acknowledged.length === 2)
  client.socket.end('4 syslog 7 <13>')
  await eventually(() => cutting.source.stats().connections === 0)
  t.same(cutting.intake.texts, ['<13>012345'])
  t.equal(cutting.intake.messages[0]?.flags, MessageFlag.truncated)
  t.match(cutting.source.stats(), { truncated: 1, empty: 1, cutOff: 0 })
  const refusing = await runRelp(t, { max_message_size: 10, when_too_long: 'reject' })
  const other = await (await connected(t, refusing.port)).open()
  other.send(2, 'syslog', '<13>0123456789')
  await other.until(() => other.acknowledged.length === 1)
  t.same(refusing.intake.drops, { too_long: 1 })
  t.same(refusing.intake.dropsByTransport, { relp: 1 })
})

test('an empty message alone is answered at once', async (t) => {
  const { port } = await runRelp(t)
  const client = await (await connected(t, port)).open()
  client.send(2, 'syslog')
  await client.until(() => client.acknowledged.length === 1)
  t.same(client.acknowledged, [2])
})

test('what is no RELP is closed and counted', async (t) => {
  const cases = [
    '<13>plain syslog\n',
    'GET / HTTP/1.1\r\n\r\n',
    '1 syslog 7 <13>one\n',
    relpFrame(1, 'open', 'relp_version=9\ncommands=syslog'),
  ]
  const { source, intake, logger, port } = await runRelp(t)
  for (const [index, bytes] of cases.entries()) {
    const client = await connected(t, port)
    client.socket.write(bytes)
    await client.until(() => client.ended)
    t.equal(source.stats().refused.protocol_error, index + 1)
  }
  const twice = await (await connected(t, port)).open()
  twice.send(2, 'open', relpOffers)
  await twice.until(() => twice.ended)
  t.equal(source.stats().refused.protocol_error, cases.length + 1)
  t.same(intake.messages, [])
  t.match(logger.messages('warn'), [/does not keep to RELP/])
  t.match(
    logger.lines.filter(({ level }) => level === 'warn'),
    [{ fields: { why: /a transaction number was expected/ } }],
  )
  t.same(logger.messages('error'), [])
})

test('an unknown command is answered, and the session goes on', async (t) => {
  const { intake, port } = await runRelp(t)
  const client = await (await connected(t, port)).open()
  client.send(2, 'starttls')
  client.send(3, 'syslog', '<13>one')
  await client.until(() => client.acknowledged.length === 1)
  t.match(client.answers[1], /^2 rsp 500/)
  t.same(intake.texts, ['<13>one'])
})

test('a peer that sends and never reads its answers is closed', async (t) => {
  const { source, port } = await runRelp(t, {}, { answerTimeoutMs: 100 })
  const client = await (await connected(t, port)).open()
  client.socket.pause()
  const frames = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => relpFrame(i + 2, 'syslog', 'x')))
  const feed = () => {
    while (!client.socket.destroyed && client.socket.write(frames));
  }
  client.socket.on('drain', feed)
  feed()
  await eventually(() => source.stats().refused.protocol_error === 1 && source.stats().connections === 0)
  t.pass('closed')
})

test('stop acknowledges what is stored, says goodbye and leaves the rest to its sender', async (t) => {
  const { source, intake, client } = await holding(t)
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  const stopped = source.stop(AbortSignal.timeout(60_000))
  client.send(3, 'syslog', '<13>late')
  intake.store()
  await client.until(() => client.ended)
  t.same(client.answers.slice(1), ['2 rsp 200 OK', '0 serverclose'])
  client.socket.end()
  await stopped
  t.same(intake.texts, ['<13>one'])
})

test('a PROXY header before RELP', async (t) => {
  const { intake, port } = await runRelp(t, { proxy_protocol: 'required', trusted_proxies: ['127.0.0.1'] })
  const client = await connected(t, port)
  client.socket.write(proxyV1({ address: '203.0.113.7', port: 5 }, { address: '192.0.2.1', port: 6 }))
  await client.open()
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  t.match(intake.messages[0]?.origin, { peer: '203.0.113.7', transport: 'relp' })
})

test('a connection that is too old is asked to leave between two messages', async (t) => {
  const { source, intake, port } = await runRelp(t, { max_connection_age: '50ms' })
  const client = await (await connected(t, port)).open()
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  await client.until(() => client.ended)
  t.equal(client.answers.at(-1), '0 serverclose')
  t.same(client.acknowledged, [2])
  t.equal(source.stats().aged, 1)
})

test('a source that cannot take messages sends its peers elsewhere, with what is not acknowledged', async (t) => {
  const { source, intake, client } = await holding(t)
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  await source.block()
  await client.until(() => client.ended)
  t.same(client.answers.slice(1), ['0 serverclose'])
  intake.store()
  client.socket.end()
  await eventually(() => source.stats().connections === 0)
  t.same(intake.texts, ['<13>one'])
})
