import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { Reloader } from '../../src/app/reloader.ts'
import { startReport } from '../../src/app/start-report.ts'
import { RelayError } from '../../src/core/errors.ts'
import { Notifier } from '../../src/native/notifier.ts'
import { fileSink, oneSink, pipeline, syslogSink } from '../support/relay-config.ts'
import { loadedConfig, parsedConfig, startRelay } from '../support/relay-in-process.ts'
import { shortDir } from '../support/short-dir.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'

const sinks = { file: fileSink() }

/** Somebody else's port. */
async function otherProgram(t: Test): Promise<AddressInfo> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server.address() as AddressInfo
}

test('a new pipeline that cannot start: the relay goes on, is not ready, and says which one does not run', async (t) => {
  const dir = shortDir(t)
  const { port } = await otherProgram(t)
  const config = parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']) } })
  const { relay } = await startRelay(t, config)
  const asked = parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']), added: pipeline(['file'], { source: { port } }) } })
  t.match(await relay.reload(loadedConfig(asked)), { failed: [{ name: 'added', running: false }] })
  const status = relay.status()
  t.notOk(status.ready)
  t.match(status.reasons, [/^pipeline added does not run and is tried again: TCP port \d+ of 127\.0\.0\.1 is in use/])
  t.ok(status.pipelines.main?.ready)
  await relay.reload(loadedConfig(config))
  t.ok(relay.status().ready)
})

test('a drain does not claim that everything was delivered where a pipeline did not run', async (t) => {
  const dir = shortDir(t)
  const { port } = await otherProgram(t)
  const { relay } = await startRelay(t, parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']) } }))
  const asked = parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']), added: pipeline(['file'], { source: { port } }) } })
  await relay.reload(loadedConfig(asked))
  await relay.drain(AbortSignal.abort())
  t.match(relay.status(), { state: 'drained', safeToTerminate: true })
  t.match(relay.status().reasons[0], /wait on disk for the next start: whatever added held, which did not run$/)
})

test('a pipeline that keeps its old form keeps its old certificate too, reload after reload', async (t) => {
  const dir = shortDir(t)
  const { port } = await otherProgram(t)
  const pair = async (name: string) => writePair(join(dir, name), await makeCertificate(name))
  const first = { sinks, pipelines: { main: pipeline(['file']) }, tls: await pair('first') }
  const { relay } = await startRelay(t, parsedConfig(join(dir, 'd'), first))
  const second = { sinks, pipelines: { main: pipeline(['file'], { source: { port } }) }, tls: await pair('second') }
  for (let times = 0; times < 2; times++) {
    const changes = await relay.reload(loadedConfig(parsedConfig(join(dir, 'd'), second)))
    t.match(changes, { failed: [{ name: 'main', running: true, error: { code: 'PORT_IN_USE' } }] })
    t.ok(relay.status().pipelines.main?.ready)
  }
})

test('nothing is reloaded before the start or while it stops', async (t) => {
  const config = parsedConfig(shortDir(t), { sinks, pipelines: { main: pipeline(['file']) } })
  const { relay } = await startRelay(t, config)
  const stopping = relay.stop(AbortSignal.abort())
  await t.rejects(relay.reload(loadedConfig(config)), { code: 'NOT_RUNNING' })
  await stopping
  t.equal(relay.status().state, 'stopped')
})

test('a stop waits for the reload under way, and nothing that it starts is left running', async (t) => {
  const dir = shortDir(t)
  const { relay } = await startRelay(t, parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']) } }))
  const both = parsedConfig(dir, { sinks, pipelines: { main: pipeline(['file']), added: pipeline(['file']) } })
  const reloading = relay.reload(loadedConfig(both))
  await relay.stop(AbortSignal.timeout(5000))
  t.match(await reloading, { started: ['added'] })
  for (const [name, { ready, source }] of Object.entries(relay.status().pipelines)) {
    t.notOk(ready, name)
    t.strictSame(source.listening, [], `${name} listens on nothing`)
  }
})

test('a reload that hangs holds up neither a drain nor a stop beyond their time', { timeout: 10_000 }, async (t) => {
  const dir = shortDir(t)
  const { relay } = await startRelay(t, parsedConfig(join(dir, 'd'), { sinks, pipelines: { main: pipeline(['file']) } }))
  const { cert_file, key_file } = writePair(join(dir, 'pair'), await makeCertificate('pair'))
  // Opening a named pipe waits for its writer, as a disk does that hangs.
  const fifo = join(dir, 'fifo')
  execFileSync('mkfifo', [fifo])
  const tls = { cert_file, key_file, client_ca_file: fifo }
  const reloading = relay.reload(loadedConfig(parsedConfig(join(dir, 'd'), { sinks, pipelines: { main: pipeline(['file']) }, tls })))
  await relay.drain(AbortSignal.abort())
  t.equal(relay.status().state, 'drained')
  await relay.stop(AbortSignal.abort())
  t.equal(relay.status().state, 'stopped')
  await (await openFile(fifo, 'w')).close()
  await t.rejects(reloading, { code: 'TLS_MATERIAL' })
})

test('other machines are told that a reload was refused, not what is in the configuration', async (t) => {
  const { relay } = await startRelay(t, parsedConfig(shortDir(t), { sinks, pipelines: { main: pipeline(['file']) } }))
  relay.refused(new RelayError('CONFIG_INVALID', '1 error in the configuration\nrelay.yaml:1:1: error: a: unknown key'))
  const { reasons, reloadError } = relay.status()
  t.strictSame(reasons, ['the last reload was refused, in part or as a whole: 1 error in the configuration'])
  t.match(reloadError, /unknown key/)
})

test('the reloader carries out one reload after the other, and ignores one while the relay stops', async (t) => {
  const dir = shortDir(t)
  const configFile = join(dir, 'relay.json')
  const input = { ...oneSink(fileSink()), data_dir: join(dir, 'd'), admin: { listen: '127.0.0.1:0' } }
  const { relay, logger, lines } = await startRelay(t, parsedConfig(join(dir, 'd'), input))
  const reloader = new Reloader({ relay, configFile, logger, notifier: new Notifier({ log: logger, env: {} }) })
  const said = () => lines.filter(({ msg }) => /configuration|reload/.test(msg)).map(({ msg }) => msg.replace(/:.*/s, ''))
  await reloader.reload()
  t.strictSame(said(), ['the new configuration is refused, the old one stays in force'])
  t.match(relay.status().reloadError, /relay\.json/)
  writeFileSync(configFile, JSON.stringify(input))
  const first = reloader.reload()
  await setImmediate() // It has begun, and may have read the file already.
  await Promise.all([first, ...Array.from({ length: 50 }, () => reloader.reload())])
  t.strictSame(said().slice(1), ['configuration reloaded', 'configuration reloaded'], 'one more for all who asked while it was under way')
  t.equal(relay.status().reloadError, undefined)
  const stopping = relay.stop(AbortSignal.abort())
  await reloader.reload()
  t.equal(said().at(-1), 'asked to reload while stopping')
  await stopping
})

test('the start report names what is open, where messages go, and what waits', async (t) => {
  const dir = shortDir(t)
  const config = parsedConfig(dir, {
    sinks: { ...sinks, siem: syslogSink('tls://siem.example.com:6514') },
    pipelines: { main: pipeline(['file', 'siem'], { queue: { max_size: '5000TiB' } }) },
  })
  const { relay } = await startRelay(t, config)
  const report = await startReport(relay, loadedConfig(config))
  const listening = [{ address: '127.0.0.1', transports: ['udp', 'tcp', 'tls'] }]
  const destinations = [
    { name: 'file', destination: join(dir, 'main.log') },
    { name: 'siem', destination: 'tls://siem.example.com:6514' },
  ]
  t.match(report, {
    dataDir: dir,
    pipelines: [{ name: 'main', listening, sinks: destinations, queued: 0 }],
    warnings: [/the queues may need/],
  })
  t.match(report.admin, /^127\.0\.0\.1:[1-9]\d*$/)
})
