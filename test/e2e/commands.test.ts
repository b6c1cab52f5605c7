import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { fileSink, oneSink, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { messageOf } from '../support/relay-messages.ts'
import { command, environment, RelayProcess } from '../support/relay-process.ts'
import { open, sendAll, sendOnce } from '../support/relay-senders.ts'
import { untilStored } from '../support/relay-stored.ts'
import { shortDir } from '../support/short-dir.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

/** Runs `logrelay` with these arguments. */
async function logrelay(args: readonly string[], input = '') {
  const child = spawn(command, args, { env: environment })
  child.stdin.on('error', () => {}) // A command that does not read ends before it was written.
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code: code as number | null }
}

const count = 3000
const length = 200

/** A relay whose queue holds `count` messages. */
async function relayWithQueue(t: Test) {
  const upstream = await UpstreamServer.down(t)
  const relay = await RelayProcess.start(t, oneSink(syslogSink(upstream.endpoint)))
  await sendAll(await open(t, { host: '127.0.0.1', port: await relay.port() }), 0, count, length)
  await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === count)
  await untilStored(relay, count - 1)
  return { upstream, relay, config: ['--config', relay.configFile] }
}

function decoded(lines: string): string[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(JSON.parse(line).bytes, 'base64').toString('latin1'))
}

test('status, queue and queue --messages of a running relay disturb nothing', async (t) => {
  const { upstream, relay, config } = await relayWithQueue(t)
  const table = await logrelay(['status', ...config])
  t.equal(table.code, 0)
  t.match(table.stdout, /main[\s\S]*up[\s\S]*ENDPOINT_UNREACHABLE|main[\s\S]*up[\s\S]*refused/)
  const status = JSON.parse((await logrelay(['status', '--json', ...config])).stdout)
  t.equal(status.pipelines.main.queue.messages, count)
  t.match((await logrelay(['queue', ...config])).stdout, /main[\s\S]*3,?000/)

  const before = await relay.pipeline()
  const five = await logrelay(['queue', 'main', '--messages', '--limit', '5', '--json', ...config])
  t.strictSame(
    decoded(five.stdout),
    Array.from({ length: 5 }, (_, i) => messageOf(0, i, length)),
  )
  const last = await logrelay(['queue', 'main', '--messages', '--from', String(count - 2), '--raw', ...config])
  t.equal(last.stdout, `${messageOf(0, count - 2, length)}\n${messageOf(0, count - 1, length)}\n`)
  t.strictSame((await relay.pipeline()).queue.cursors, before.queue.cursors, 'cursors stay where they were')

  const looking = logrelay(['queue', 'main', '--messages', '--limit', String(count), '--json', ...config])
  await upstream.open()
  await upstream.until('every message', ({ taken }) => taken >= count)
  t.equal((await looking).code, 0)
  t.equal(upstream.taken, count, 'nothing twice')
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.strictSame(unbalanced(ledger), [])
})

test('queue and queue --messages without a relay read the store, and change nothing in it', async (t) => {
  const { upstream, relay, config } = await relayWithQueue(t)
  await relay.kill()
  const queue = await logrelay(['queue', '--json', ...config])
  t.equal(queue.code, 0, queue.stderr)
  t.match(queue.stderr, /no relay is running/)
  t.match(JSON.parse(queue.stdout), { main: { messages: count, nextSeq: count, cursors: { up: 0 } } })
  const messages = await logrelay(['queue', 'main', '--messages', '--limit', String(2 * count), '--json', ...config])
  t.strictSame(
    decoded(messages.stdout),
    Array.from({ length: count }, (_, i) => messageOf(0, i, length)),
  )
  await upstream.open()
  await relay.start()
  await upstream.until('every message', ({ taken }) => taken >= count)
  t.equal(upstream.taken, count)
})

test('a command whose relay does not run, or has no such pipeline, says so', async (t) => {
  const relay = RelayProcess.prepare(t, oneSink(fileSink()))
  const config = ['--config', relay.configFile]
  for (const name of ['status', 'drain']) {
    const { code, stderr } = await logrelay([name, ...config])
    t.equal(code, 1)
    t.match(stderr, /code: NOT_RUNNING/)
  }
  await relay.start()
  const { code, stderr } = await logrelay(['queue', 'mian', ...config])
  t.equal(code, 2)
  t.match(stderr, /mian[\s\S]*PIPELINE_UNKNOWN/)
  t.notMatch(stderr, /\n\s+at /)
})

test('check names what is wrong and ends with 2, and warns with 0', async (t) => {
  const file = join(shortDir(t), 'relay.yaml')
  const yaml = (device: string) =>
    `data_dir: ${shortDir(t)}\nsinks: {up: {type: file, path: x.log}}\npipelines:\n  main:\n    source: {type: syslog, device: ${device}}\n    sinks: [up]\n`
  writeFileSync(file, yaml('ngnix'))
  const wrong = await logrelay(['check', '--config', file])
  t.equal(wrong.code, 2)
  t.match(wrong.stdout, /:5:\d+: error: .*device[\s\S]*nginx[\s\S]*1 error/)
  writeFileSync(file, yaml('cisco-asa'))
  const warned = await logrelay(['check', '--config', file])
  t.equal(warned.code, 0)
  t.match(warned.stdout, /warning: .*[\s\S]*may stop passing traffic/)
})

test('parse prints one JSON object a line, types lists the devices, version and help say what they should', async (t) => {
  const { stdout, code } = await logrelay(
    ['parse', '--framing', 'newline'],
    '<165>1 2026-11-21T12:34:56Z host app 1 ID - hello\n<34>Oct 11 22:14:15 mymachine su: it failed\n',
  )
  t.equal(code, 0)
  t.match(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { '@timestamp': /^2026-11-21T12:34:56/, message: 'hello', log: { syslog: { priority: 165, hostname: 'host', appname: 'app' } } },
      { message: 'it failed', log: { syslog: { priority: 34, hostname: 'mymachine', appname: 'su' } } },
    ],
  )
  const types = await logrelay(['types'])
  t.match(types.stdout, /nginx +10435/)
  const usage = await logrelay(['stauts'])
  t.equal(usage.code, 2)
  t.match(usage.stderr, /logrelay status/)
  t.match((await logrelay(['version'])).stdout, /\d+\.\d+\.\d+/)
})

test('a relay whose messages go to standard output keeps it free of everything else', async (t) => {
  const relay = RelayProcess.prepare(t, oneSink(fileSink('-')))
  relay.launch()
  await relay.logged(/^started/)
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, '<13>to standard output\n')
  await relay.untilPipeline('it to be settled', ({ ledger }) => ledger.sinks.up?.delivered === 1)
  await relay.stop()
  t.equal(relay.stdout, '<13>to standard output\n')
  t.match(relay.stderr, /logrelay is running/)
})
