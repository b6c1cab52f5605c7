import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { fileSink, oneSink, ownAddress, pipeline, type RelayConfig } from '../support/relay-config.ts'
import { command, RelayProcess } from '../support/relay-process.ts'
import { shortDir } from '../support/short-dir.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const good = oneSink(fileSink())

/** How a start ends that should not succeed: its exit status and what it said on standard error. */
async function refusedStart(t: Test, config: RelayConfig): Promise<{ code: number | null; stderr: string; dataDir: string }> {
  const relay = RelayProcess.prepare(t, config)
  relay.launch()
  const { code } = await relay.ended
  t.equal(relay.stdout, '', 'no banner')
  t.notMatch(relay.stderr, /\n\s+at .*:\d+/, 'no stack')
  return { code, stderr: relay.stderr, dataDir: relay.dataDir }
}

/** The lines for people; the relay's own log is JSON. */
function words(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
}

test('a TCP port in use', async (t) => {
  const other = await UpstreamServer.listen(t)
  const port = Number(new URL(other.endpoint).port)
  const { code, stderr } = await refusedStart(t, oneSink(fileSink(), { source: { host: other.host, port } }))
  t.equal(code, 1)
  t.match(words(stderr), [
    new RegExp(`^logrelay: TCP port ${port} of ${other.host} is in use by another program`),
    /ss -lntup/,
    /PORT_IN_USE/,
  ])
})

test('a UDP port in use closes the TCP port again', async (t) => {
  const other = createSocket('udp4')
  t.teardown(() => other.close())
  other.bind(0, ownAddress)
  await once(other, 'listening')
  const { port } = other.address()
  const { code, stderr } = await refusedStart(t, oneSink(fileSink(), { source: { host: ownAddress, port } }))
  t.equal(code, 1)
  t.match(words(stderr)[0], new RegExp(`UDP port ${port} of ${ownAddress} is in use`))
})

test('an admin port in use', async (t) => {
  const other = await UpstreamServer.listen(t)
  const { code, stderr } = await refusedStart(t, { ...good, admin: { listen: other.endpoint.replace('tcp://', '') } })
  t.equal(code, 1)
  t.match(words(stderr).join('\n'), /another program listens on \S+ \(admin\.listen\)[\s\S]*PORT_IN_USE/)
})

test('an address that is not of this machine', async (t) => {
  const { code, stderr } = await refusedStart(t, oneSink(fileSink(), { source: { host: '192.0.2.1' } }))
  t.equal(code, 1)
  t.match(words(stderr).join('\n'), /192\.0\.2\.1 is not an address of this machine[\s\S]*PORT_UNAVAILABLE/)
})

test('a key that cannot be read, and one that belongs to another certificate', async (t) => {
  const dir = shortDir(t)
  const files = writePair(dir, await makeCertificate('relay'))
  const missing = await refusedStart(t, { ...good, tls: { ...files, key_file: join(dir, 'none.pem') } })
  t.equal(missing.code, 2)
  t.match(words(missing.stderr).join('\n'), /tls\.key_file: .*none\.pem cannot be read \(ENOENT\)/)
  const other = writePair(join(dir, 'other'), await makeCertificate('other'))
  const foreign = await refusedStart(t, { ...good, tls: { ...files, key_file: other.key_file } })
  t.equal(foreign.code, 2)
  t.match(words(foreign.stderr).join('\n'), /is not the key of the certificate/)
})

test('every mistake of a configuration at once, each with its line and what to write instead', async (t) => {
  const relay = RelayProcess.prepare(t, good)
  const yaml = [
    `data_dir: ${relay.dataDir}`,
    'sinks: {up: {type: file, path: x.log, max_file_sise: 1MB}}',
    'pipelines:',
    '  main:',
    '    source: {type: syslog, device: ngnix, port: 0}',
    '    sinks: [upp]',
  ]
  writeFileSync(relay.configFile, yaml.join('\n'))
  relay.launch()
  t.equal((await relay.ended).code, 2)
  t.match(relay.stderr, /relay\.json:2:\d+: .*max_file_sise[\s\S]*max_file_size/)
  t.match(relay.stderr, /relay\.json:5:\d+: .*device[\s\S]*nginx/)
  t.match(relay.stderr, /relay\.json:6:\d+: .*upp/)
  t.notMatch(relay.stderr, /\n\s+at /)
})

test('a configuration file that is not there', async (t) => {
  const relay = RelayProcess.prepare(t, good)
  const missing = join(relay.dir, 'missing.yaml')
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(command, ['start', '--config', missing], (error, _stdout, stderr) => resolve({ code: error?.code, stderr }))
  })
  t.equal(code, 2)
  t.match(stderr, /^logrelay: .*missing\.yaml[\s\S]*CONFIG_NOT_FOUND/)
})

test('a data directory that another relay holds: the second one ends, the first does not notice', async (t) => {
  const first = await RelayProcess.start(t, good)
  const { code, stderr } = await refusedStart(t, { ...good, data_dir: first.dataDir })
  t.equal(code, 1)
  t.match(words(stderr)[0], new RegExp(`^logrelay: ${first.dataDir} is held by the relay with pid ${(await first.status()).pid}`))
  t.ok((await first.status()).ready)
  t.equal((await first.stop()).code, 0)
})

test('a data directory that cannot be made or written', async (t) => {
  const dir = shortDir(t)
  writeFileSync(join(dir, 'file'), '')
  const below = await refusedStart(t, { ...good, data_dir: join(dir, 'file', 'data') })
  t.equal(below.code, 1)
  t.match(words(below.stderr).join('\n'), /data_dir .* cannot be created[\s\S]*DATA_DIR_UNUSABLE/)
  mkdirSync(join(dir, 'data', 'control.sock'), { recursive: true })
  const taken = await refusedStart(t, { ...good, data_dir: join(dir, 'data') })
  t.equal(taken.code, 1)
  t.match(words(taken.stderr).join('\n'), /is not a socket[\s\S]*DATA_DIR_UNUSABLE/)
  const long = await refusedStart(t, { ...good, data_dir: join(dir, 'x'.repeat(120)) })
  t.match(words(long.stderr).join('\n'), /relay\.json:2:\d+: error: data_dir: is too long/)
})

test('a queue directory that is a file', async (t) => {
  const dir = shortDir(t)
  writeFileSync(join(dir, 'queues'), '')
  const { code, stderr } = await refusedStart(t, { ...good, data_dir: dir })
  t.equal(code, 1)
  t.match(words(stderr).join('\n'), /^logrelay: .*queues[\s\S]*code: (QUEUE_FAILED|DATA_DIR_UNUSABLE)/)
})

test('when one of several pipelines cannot start, the relay does not run', async (t) => {
  const other = await UpstreamServer.listen(t)
  const port = Number(new URL(other.endpoint).port)
  const pipelines = { fine: pipeline(['up']), broken: pipeline(['up'], { source: { host: other.host, port } }) }
  const { code } = await refusedStart(t, { sinks: { up: fileSink() }, pipelines })
  t.equal(code, 1)
})
