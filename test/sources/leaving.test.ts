import { once } from 'node:events'
import { createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect } from 'node:tls'
import { test } from 'tap'
import { relpSourceSchema } from '../../src/config/source-schema.ts'
import { ListeningSource } from '../../src/sources/listening-source.ts'
import { FakeIntake } from '../support/fake-intake.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { connectTo, eventually, runSource } from '../support/running-source.ts'
import { authority, connectTls, runTls, server } from '../support/running-tls-source.ts'

const plenty = () => AbortSignal.timeout(60_000)

/** What a TLS client says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read: () => undefined, write: (chunk) => resolve(chunk) })
    connect({ socket: wire }).on('error', () => undefined)
  })
}

test('a sender far away has time to hear that we leave, and what it sends meanwhile is read', async (t) => {
  const { source, intake, port } = await runSource(t, { transports: ['tcp'] })
  const sender = await connectTo(t, port)
  sender.write('<13>before\n')
  await intake.received(1)
  const left = source.leave(plenty(), plenty())
  await once(sender.resume(), 'end')
  // Our word takes a while to reach it, and what it says then as long to reach us.
  await delay(400)
  sender.end('<13>on its way\n')
  await left
  await intake.received(2)
  t.same(intake.texts, ['<13>before', '<13>on its way'])
})

test('a client that begins a handshake when we have said that we leave is closed, and has not failed', async (t) => {
  const { source, logger, port } = await runTls(t, {}, { max_connection_age: '50ms', handshake_timeout: '100ms' })
  const late = await connectTo(t, port)
  await once(late.resume(), 'end')
  late.write(await clientHello())
  await eventually(() => source.stats().connections === 0)
  t.match(source.stats(), { aged: 1, tlsFailures: 0, tlsEofs: 0 })
  t.same(logger.messages('warn'), [])
})

test('what a TLS client sends after our end is read, and its end is answered', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { source, intake, port } = await runTls(t, {}, { max_connection_age: '50ms' })
    const client = await connectTls(t, port, { allowHalfOpen: true, maxVersion: version, minVersion: version } as ConnectionOptions)
    client.write('<13>before\n')
    await once(client.resume(), 'end')
    client.write('<13>after\n')
    await intake.received(2)
    t.equal(source.stats().connections, 1)
    client.end('<13>last\n')
    await intake.received(3)
    await eventually(() => source.stats().connections === 0)
    t.match(source.stats(), { aged: 1, cutOff: 0 })
  }
})

test('a source that cannot open leaves nothing behind', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  let listeners = 0
  const tls = {
    options: () => ({ ...server, ca: authority.cert, requestCert: false, rejectUnauthorized: false }),
    onChange: () => {
      listeners++
      return () => listeners--
    },
    reload: async () => {},
    start: async () => {},
    stop: async () => {},
  }
  const config = relpSourceSchema.parse({ type: 'relp', host: '127.0.0.1', port, max_connection_age: '1h' })
  const source = new ListeningSource(config, { intake: new FakeIntake(), logger: new RecordingLogger(), tls })
  await t.rejects(source.start(), { code: 'PORT_IN_USE' })
  t.equal(listeners, 0)
})
