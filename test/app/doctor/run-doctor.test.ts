import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'tap'
import { type Finding, topics } from '../../../src/app/doctor/finding.ts'
import { runDoctor } from '../../../src/app/doctor/run-doctor.ts'
import { fileSink, ownAddress, pipeline } from '../../support/relay-config.ts'
import { parsedConfig, startRelay } from '../../support/relay-in-process.ts'
import { shortDir } from '../../support/short-dir.ts'
import { lines } from './fake-host.ts'

async function all(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const list: Finding[] = []
  for await (const finding of findings) list.push(finding)
  return list
}

test('this machine, with a relay that runs on it, is looked at and left as it is', async (t) => {
  const dir = shortDir(t)
  const dataDir = join(dir, 'data')
  const { relay } = await startRelay(t, parsedConfig(dataDir, { sinks: { file: fileSink() }, pipelines: { main: pipeline(['file']) } }))
  const port = relay.status().pipelines.main?.source.listening[0]?.port
  const file = join(dir, 'relay.yaml')
  const text = { data_dir: dataDir, admin: { listen: `${ownAddress}:0` }, sinks: { file: { type: 'file' } } }
  writeFileSync(
    file,
    JSON.stringify({ ...text, pipelines: { main: { source: { type: 'syslog', host: '127.0.0.1', port }, sinks: ['file'] } } }),
  )
  const before = readdirSync(dataDir).toSorted()
  const examination = await runDoctor({ configFile: file })
  const findings = await all(examination.findings)
  t.equal(examination.usable, true)
  t.equal(examination.interrupted(), false)
  t.same(readdirSync(dataDir).toSorted(), before)
  const order = findings.map(({ topic }) => topics.indexOf(topic))
  t.same(
    order,
    order.toSorted((a, b) => a - b),
    'in the order of the topics',
  )
  const told = lines(findings).join('\n')
  t.match(told, `ok pipeline main, 127.0.0.1:${port} tcp and udp: the running relay listens, process ${process.pid}`)
  t.match(told, /running relay, process \d+: uses relay\.yaml/, 'which the relay in this process calls so')
  t.match(told, /, fsync: [\d,]+ a second .*, beside the running relay/)
  t.match(told, /ok RAM: the relay takes /)
})

test('without a configuration the host alone is looked at', async (t) => {
  const dir = t.testdir({ 'bad.yaml': `data_dir: ${t.testdir()}/none\nzebra: 1\n` })
  const { usable, findings } = await runDoctor({ configFile: join(dir, 'bad.yaml') })
  const seen = await all(findings)
  t.equal(usable, false)
  t.same([...new Set(seen.map(({ topic }) => topic))], ['configuration', 'kernel', 'disk', 'clock', 'service'])
  t.notOk(existsSync(join(dir, 'none')))
})

test('a file is known by its full name', async (t) => {
  const file = join(t.testdir({ 'bad.yaml': 'zebra: 1\n' }), 'bad.yaml')
  const { configFile, findings } = await runDoctor({ configFile: relative(process.cwd(), file) })
  t.equal(configFile, file)
  await all(findings)
})

test('the fsync measurement leaves what a running relay needs free', async (t) => {
  const dir = shortDir(t)
  const file = join(dir, 'relay.yaml')
  const text = { data_dir: dir, min_free_disk: '1000TiB', sinks: { file: { type: 'file' } } }
  writeFileSync(
    file,
    JSON.stringify({ ...text, pipelines: { main: { source: { type: 'syslog', host: '127.0.0.1', port: 10_437 }, sinks: ['file'] } } }),
  )
  const { findings } = await runDoctor({ configFile: file })
  const told = lines(await all(findings))
  t.match(
    told.find((line) => line.includes(', fsync:')),
    /^unknown .* needs 1048576064 MiB of free disk/,
  )
})
