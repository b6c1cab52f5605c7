import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Test, test } from 'tap'
import { Listeners } from '../../src/app/listeners.ts'
import type { HostPort } from '../../src/config/formats.ts'
import { fileSink, oneSink, type RelayConfig } from '../support/relay-config.ts'
import { keptLog, parsedConfig } from '../support/relay-in-process.ts'
import { knock } from '../support/relay-senders.ts'
import { sampleStatus } from '../support/sample-status.ts'

const metrics = { text: async () => '', contentType: 'text/plain' }

async function listeners(t: Test, config: RelayConfig) {
  const surroundings = { status: () => sampleStatus(), metrics, logger: keptLog().logger }
  const subject = new Listeners(parsedConfig('/nowhere', config), surroundings)
  t.teardown(() => subject.stop(AbortSignal.abort()))
  await subject.start()
  return subject
}

/** A port that another program holds. */
async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as { port: number }).port
}

const config = oneSink(fileSink())
const livez = async ({ host, port }: HostPort) => (await fetch(`http://${host}:${port}/livez`)).status

test('an address that did not change keeps its server', async (t) => {
  const subject = await listeners(t, config)
  const before = subject.adminAddress as HostPort
  await subject.adopt(parsedConfig('/nowhere', config))
  t.strictSame(subject.adminAddress, before)
  t.equal(await livez(before), 200)
})

test('admin moves to its new address, and the old one is closed', async (t) => {
  const subject = await listeners(t, config)
  const before = subject.adminAddress as HostPort
  await subject.adopt(parsedConfig('/nowhere', { ...config, admin: { listen: '127.0.0.2:0' } }))
  const after = subject.adminAddress as HostPort
  t.equal(after.host, '127.0.0.2')
  t.equal(await livez(after), 200)
  t.equal(await knock(before), 'ECONNREFUSED')
})

test('when one of two addresses is taken neither moves', async (t) => {
  const subject = await listeners(t, config)
  const before = subject.adminAddress as HostPort
  const moved = { ...config, admin: { listen: '127.0.0.2:0' }, health: { listen: `127.0.0.1:${await takenPort(t)}` } }
  await t.rejects(subject.adopt(parsedConfig('/nowhere', moved)), { code: 'PORT_IN_USE' })
  t.strictSame(subject.adminAddress, before)
  t.equal(await livez(before), 200)
})

test('an address that is taken by the relay itself is not blamed on another program', async (t) => {
  const subject = await listeners(t, config)
  const before = subject.adminAddress as HostPort
  await t.rejects(subject.adopt(parsedConfig('/nowhere', { ...config, admin: { listen: `0.0.0.0:${before.port}` } })), {
    code: 'PORT_IN_USE',
    message: `cannot move to 0.0.0.0:${before.port} while the relay itself listens on that port`,
    hint: /restart/,
  })
  t.equal(await livez(before), 200)
})

test('a start that fails leaves nothing open', async (t) => {
  const taken = { ...config, health: { listen: `127.0.0.1:${await takenPort(t)}` } }
  const subject = new Listeners(parsedConfig('/nowhere', taken), { status: () => sampleStatus(), metrics, logger: keptLog().logger })
  await t.rejects(subject.start(), { code: 'PORT_IN_USE' })
  t.equal(subject.adminAddress, undefined)
})
