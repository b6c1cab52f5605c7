import { test } from 'tap'
import { fileSink, pipeline, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { knock, open, sendAll, sendOnce, write } from '../support/relay-senders.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

test('a reload touches only the pipeline that changed: connections of the other one stay open', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const sinks = { up: syslogSink(upstream.endpoint), file: fileSink() }
  const config = { sinks, pipelines: { kept: pipeline(['up']), changed: pipeline(['up']), removed: pipeline(['up']) } }
  const relay = await RelayProcess.start(t, config)
  const host = '127.0.0.1'
  const kept = await open(t, { host, port: await relay.port('kept') })
  const removedPort = await relay.port('removed')
  await write(kept, '<13>before\n')
  await upstream.until('the first', ({ messages }) => messages.includes('<13>before'))

  const answer = await relay.reload({
    sinks,
    pipelines: { kept: config.pipelines.kept, changed: pipeline(['up', 'file']), added: pipeline(['up']) },
  })
  t.match(answer, { msg: 'configuration reloaded', started: ['added'], restarted: ['changed'], stopped: ['removed'] })
  const status = await relay.status()
  t.strictSame(Object.keys(status.pipelines).sort(), ['added', 'changed', 'kept'])
  t.strictSame(Object.keys(status.pipelines.changed?.sinks ?? {}), ['up', 'file'])
  t.ok(status.ready)
  t.equal(await knock({ host, port: removedPort }), 'ECONNREFUSED')

  t.equal(status.pipelines.kept?.source.accepted, 1, 'the same source as before')
  await write(kept, '<13>after\n')
  for (const name of ['changed', 'added']) await sendOnce(t, { host, port: await relay.port(name) }, `<13>to ${name}\n`)
  await upstream.until('all four', ({ messages }) => messages.length === 4)
  t.strictSame([...upstream.messages].sort(), ['<13>after', '<13>before', '<13>to added', '<13>to changed'])
  t.notOk(kept.destroyed)
})

test('a pipeline that was removed keeps its messages on disk, and delivers them when it is back', async (t) => {
  const upstream = await UpstreamServer.down(t)
  const config = { sinks: { up: syslogSink(upstream.endpoint) }, pipelines: { other: pipeline(['up']), main: pipeline(['up']) } }
  const relay = await RelayProcess.start(t, config)
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, '<13>waiting\n')
  await relay.untilPipeline('it to be queued', ({ queue }) => queue.messages === 1)
  t.match(await relay.reload({ ...config, pipelines: { other: config.pipelines.other } }), { stopped: ['main'] })
  await relay.reload(config)
  await upstream.open()
  await upstream.until('the message', ({ messages }) => messages.length === 1)
  const { ledger } = await relay.untilPipeline('it to be settled', (main) => main.ledger.sinks.up?.delivered === 1)
  t.strictSame(unbalanced(ledger), [])
})

test('a bad configuration is refused: the old one is in force, and /status and /readyz say so until a good one comes', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const config = { sinks: { up: syslogSink(upstream.endpoint) }, pipelines: { main: pipeline(['up']) } }
  const relay = await RelayProcess.start(t, config)
  const port = await relay.port()
  const connection = await open(t, { host: '127.0.0.1', port })
  const answer = await relay.reload({ sinks: config.sinks, pipelines: { main: pipeline(['upp']) } })
  t.match(answer, { level: 'error', code: 'CONFIG_INVALID', msg: /the old one stays in force/ })
  const { reloadError, ready, reasons } = await relay.status()
  t.match(reloadError, /upp/)
  t.ok(ready, 'it goes on taking messages')
  t.match(reasons.join(), /the last reload was refused/)
  t.match(await (await fetch(`${relay.admin}/readyz`)).text(), /the last reload was refused/)
  await write(connection, '<13>still here\n')
  await upstream.until('the message', ({ messages }) => messages.includes('<13>still here'))

  t.match(await relay.reload(config), { msg: 'configuration reloaded' })
  t.equal((await relay.status()).reloadError, undefined)
  t.equal(await relay.port(), port)
})

test('a reload that cannot have what it asks for leaves everything as it was', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const sinks = { up: syslogSink(upstream.endpoint) }
  const config = { sinks, pipelines: { main: pipeline(['up']) } }
  const relay = await RelayProcess.start(t, config)
  const taken = Number(new URL(upstream.endpoint).port)

  const port = { source: { host: upstream.host, port: taken, transports: ['tcp'] } }
  t.match(await relay.reload({ sinks, pipelines: { main: pipeline(['up'], port) } }), { level: 'warn', failed: ['main'] })
  t.match((await relay.status()).reloadError, /pipeline main keeps its old form: TCP port \d+ of \S+ is in use/)
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, '<13>the old form works\n')
  await upstream.until('the message', ({ messages }) => messages.length === 1)

  const answer = await relay.reload({ ...config, admin: { listen: `${upstream.host}:${taken}` } })
  t.match(answer, { level: 'error', code: 'PORT_IN_USE' })
  t.equal((await fetch(`${relay.admin}/livez`)).status, 200, 'the admin server is where it was')

  const moved = await relay.reload({ ...config, data_dir: `${relay.dataDir}-elsewhere` })
  t.match(moved, { level: 'error', code: 'CONFIG_INVALID', msg: /data_dir cannot change while the relay runs/ })
})

test('admin moves with a reload, and health comes and goes', async (t) => {
  const config = { sinks: { file: fileSink() }, pipelines: { main: pipeline(['file']) } }
  const relay = await RelayProcess.start(t, config)
  const before = relay.admin
  // Ports that were the system's to give a moment ago, on addresses that nobody else uses.
  const [admin, health] = await Promise.all([UpstreamServer.down(t), UpstreamServer.down(t)])
  const url = (endpoint: string) => endpoint.replace('tcp:', 'http:')
  const listen = (endpoint: string) => ({ listen: endpoint.replace('tcp://', '') })
  await relay.reload({ ...config, admin: listen(admin.endpoint), health: listen(health.endpoint) })
  t.equal((await fetch(`${url(admin.endpoint)}/status`)).status, 200)
  t.equal((await fetch(`${url(health.endpoint)}/readyz`)).status, 200)
  t.equal((await fetch(`${url(health.endpoint)}/status`)).status, 404)
  t.equal(await knock({ host: '127.0.0.1', port: Number(new URL(before).port) }), 'ECONNREFUSED')
  await relay.reload({ ...config, admin: listen(admin.endpoint) })
  t.equal(await knock({ host: health.host, port: Number(new URL(health.endpoint).port) }), 'ECONNREFUSED')
  t.equal((await fetch(`${url(admin.endpoint)}/livez`)).status, 200)
})

test('a pipeline that changes takes its backlog along', async (t) => {
  const upstream = await UpstreamServer.listen(t, { take: () => {} })
  upstream.manner = 50
  const sinks = { up: syslogSink(upstream.endpoint) }
  const relay = await RelayProcess.start(t, { sinks, pipelines: { main: pipeline(['up']) } })
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, 40_000, 500)
  t.match(await relay.reload({ sinks, pipelines: { main: pipeline(['up'], { source: { idle_timeout: '1h' } }) } }), { restarted: ['main'] })
  const { queue, ready } = await relay.pipeline()
  t.ok(ready)
  t.ok(queue.messages > 0, `${queue.messages} are left`)
  upstream.wake()
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.equal(ledger.sinks.up?.delivered, 40_000)
})
