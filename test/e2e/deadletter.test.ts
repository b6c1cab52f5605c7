import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { relayApi } from '../../src/cli/relay-api.ts'
import type { Config } from '../../src/config/schema.ts'
import { run } from '../cli/fake-terminal.ts'
import { oneSink, syslogSink } from '../support/relay-config.ts'
import { loadedConfig, parsedConfig, startRelay } from '../support/relay-in-process.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { sendOnce } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { shortDir } from '../support/short-dir.ts'
import { udpReceiver } from '../support/udp-receiver-socket.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const source = { max_message_size: '128KiB' }
/** Fits into no datagram. */
const long = (text: string) => `<13>${text} \x1b[31m${'x'.repeat(66_000)}`
const framed = (texts: readonly string[]) => texts.map((text) => `${text.length} ${text}`).join('')

/** A relay in this process whose sink refused two messages of four, and the command line beside it. */
async function refused(t: Test) {
  const dataDir = shortDir(t)
  const config = parsedConfig(dataDir, oneSink(syslogSink(await udpReceiver(t)), { source }))
  const { relay, lines } = await startRelay(t, config)
  const file = join(t.testdir(), 'relay.json')
  writeFileSync(file, JSON.stringify({ data_dir: dataDir, pipelines: { main: {} } }))
  const main = () => {
    const found = relay.status().pipelines.main
    if (found === undefined) throw new Error('there is no pipeline main')
    return found
  }
  const port = main().source.listening[0]?.port ?? 0
  await sendOnce(t, { host: '127.0.0.1', port }, framed(['<13>one', long('two'), '<13>three', long('four')]))
  await until('two refused', async () => main().ledger.sinks.up?.rejected === 2 && main().ledger.sinks.up?.delivered === 2)
  const logrelay = (...args: string[]) => run(['deadletter', ...args, '--config', file], { relay: relayApi })
  const to = (endpoint: string): Config => parsedConfig(dataDir, oneSink(syslogSink(endpoint), { source }))
  return { relay, lines, main, logrelay, to, file }
}

test('dead letters: ls, show, a replay that is refused again, one that is delivered', async (t) => {
  const { relay, lines, main, logrelay, to } = await refused(t)
  const ls = await logrelay('ls')
  t.equal(ls.status, 0)
  const row = /^main +up +([0-9a-f]{8}) +2 +\d+ s +\d+ s +MESSAGE_TOO_LARGE: # bytes do not fit into a datagram to …$/m.exec(ls.out)
  t.ok(row, ls.out)
  const group = row?.[1] ?? ''

  const shown = await logrelay('show', 'main', '--reason', group, '--limit', '1')
  t.match(shown.out, /^1 {2}\S+Z {2}127\.0\.0\.1 tcp {2}<13>two \\x1b\[31mxxx/, 'what a terminal would obey is escaped')
  t.match(shown.out, new RegExp(`\\n {4}refused \\S+Z, group ${group}: MESSAGE_TOO_LARGE: 660\\d\\d bytes`))
  t.notMatch(shown.out, /four/)
  t.match((await logrelay('show', 'main', '--number', '3', '--raw')).out, /^<13>four \x1b\[31m/)
  const json = (await logrelay('show', 'main', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(json, [{ seq: 1, origin: { peer: '127.0.0.1', transport: 'tcp' }, group }, { seq: 3 }])

  const dry = await logrelay('replay', 'main', '--dry-run')
  t.equal(dry.status, 0)
  t.match(dry.out, /^2 dead letters of main would be sent to sink up \(syslog\)\. Nothing was sent\. The sink works\.\n/)
  t.match(dry.out, group)
  t.equal(main().ledger.sinks.up?.rejected, 2)

  const again = await logrelay('replay', 'main')
  t.equal(again.status, 1, 'not all were delivered')
  t.match(again.out, /^2 dead letters of main will be sent to sink up[\s\S]*0 delivered\.\n2 refused again: they stay/)
  t.same(main().queue.deadLetters, { up: 2 })
  t.match(main().ledger.sinks.up, { rejected: 2, delivered: 2, queued: 0 })

  const upstream = await UpstreamServer.listen(t)
  await relay.reload(loadedConfig(to(upstream.endpoint)))
  const one = await logrelay('replay', 'main', '--number', '3')
  t.match(one, { status: 0, out: /\n1 delivered\.\n$/ })
  t.same(upstream.messages, [long('four')])
  t.match(await logrelay('replay', 'main', '--reason', group), { status: 0, out: /\n1 delivered\.\n$/ })
  t.same(upstream.messages, [long('four'), long('two')])
  t.match(main().ledger.sinks.up, { rejected: 0, delivered: 4, queued: 0 })
  t.same(unbalanced(main().ledger), [])
  t.match(await logrelay('ls'), { status: 0, out: 'No dead letters.\n' })
  t.match(
    lines.filter(({ msg }) => msg.startsWith('replay of')).map(({ msg }) => msg),
    [
      'replay of dead letters of up: 0 delivered, 2 refused again',
      'replay of dead letters of up: 1 delivered, 0 refused again',
      'replay of dead letters of up: 1 delivered, 0 refused again',
    ],
  )
})

test('a replay to a sink that is down says so and keeps what it could not send', async (t) => {
  const { relay, main, logrelay, to } = await refused(t)
  const upstream = await UpstreamServer.down(t)
  await relay.reload(loadedConfig(to(upstream.endpoint)))
  const { status, out } = await logrelay('replay', 'main')
  t.equal(status, 1)
  t.match(out, /\n0 delivered\.\nStopped: .*(refused|ECONNREFUSED).*\(ENDPOINT_UNREACHABLE\)\.\n[\s\S]*2 were not sent/)
  t.same(main().queue.deadLetters, { up: 2 })
  // With something to forward the sink is known to fail.
  const port = main().source.listening[0]?.port ?? 0
  await sendOnce(t, { host: '127.0.0.1', port }, framed(['<13>five']))
  await until('the sink fails', async () => main().sinks.up?.error !== undefined)
  t.match(
    (await logrelay('replay', 'main', '--dry-run')).out,
    /Nothing was sent\. The sink fails now, and has for .*\(ENDPOINT_UNREACHABLE\)/,
  )
})

test('a replay goes on beside what is forwarded, and ends with the pipeline', async (t) => {
  const { relay, main, logrelay, to } = await refused(t)
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 'deaf'
  await relay.reload(loadedConfig(to(upstream.endpoint)))
  const port = main().source.listening[0]?.port ?? 0
  const replaying = logrelay('replay', 'main')
  await until('it is being sent', async () => upstream.sockets.size > 0)
  t.match(await logrelay('replay', 'main'), { status: 1, err: /a replay of the dead letters of up is under way/ })
  await sendOnce(t, { host: '127.0.0.1', port }, framed(['<13>five']))
  await until('it is taken', async () => main().queue.nextSeq === 5)
  await relay.reload(loadedConfig(to((await UpstreamServer.listen(t)).endpoint)))
  const { status, out } = await replaying
  t.equal(status, 1)
  t.match(out, /\nStopped: .*\n2 were not sent, or nobody knows whether they arrived/)
  t.same(main().queue.deadLetters, { up: 2 })
  t.match(await logrelay('replay', 'main'), { status: 0, out: /\n2 delivered/ })
  t.same(unbalanced(main().ledger), [])
})

test('drop asks for what, deletes that, and leaves the ledger as it is', async (t) => {
  const { main, logrelay } = await refused(t)
  t.match(await logrelay('drop', 'main'), { status: 2, err: /--reason ID or --number N, or else --all/ })
  t.match(await logrelay('drop', 'main', '--all', '--number', '1'), { status: 2 })
  t.match(await logrelay('drop', 'main', '--reason', 'no'), { status: 2, err: /id of a group/ })
  t.match(await logrelay('drop', 'main', '--reason', '00000000'), { status: 1, err: /no dead letters of group 00000000/ })
  t.match(await logrelay('drop', 'main', '--sink', 'none', '--all'), { status: 2, err: /no sink "none"\n {2}there are dead letters of up/ })
  t.match(await logrelay('ls', 'nosuch'), { status: 2, err: /PIPELINE_UNKNOWN/ })
  t.same(main().queue.deadLetters, { up: 2 })
  t.match(await logrelay('drop', 'main', '--number', '1'), { status: 0, out: '1 dead letter of main for sink up deleted.\n' })
  t.match(await logrelay('drop', 'main', '--all'), { status: 0, out: '1 dead letter of main for sink up deleted.\n' })
  t.match(await logrelay('show', 'main'), { status: 0, out: '', err: /main has no dead letters/ })
  t.same(main().queue.deadLetters, { up: 0 })
  t.match(main().ledger.sinks.up, { rejected: 2, delivered: 2, queued: 0 })
})

test('without a relay ls and show read the disk; replay and drop say that they need one', async (t) => {
  const { relay, logrelay } = await refused(t)
  await relay.stop(AbortSignal.timeout(10_000))
  const ls = await logrelay('ls')
  t.match(ls, { status: 0, out: /main +up +[0-9a-f]{8} +2 /, err: 'no relay is running: reading the dead letters on disk\n' })
  t.match(await logrelay('ls', 'main', '--json'), { out: /^\{"pipeline":"main","sink":"up","messages":2/ })
  t.match(await logrelay('show', 'main', '--number', '3'), { status: 0, out: /^3 {2}.*four/ })
  for (const args of [
    ['replay', 'main'],
    ['replay', 'main', '--sink', 'up'],
    ['drop', 'main', '--all'],
  ]) {
    t.match(await logrelay(...args), { status: 1, err: /no relay is running[\s\S]*replay and drop need a running relay[\s\S]*NOT_RUNNING/ })
  }
})

test('whoever goes away while a replay runs ends it', async (t) => {
  const { relay, main, to } = await refused(t)
  const upstream = await UpstreamServer.listen(t)
  upstream.manner = 'deaf'
  await relay.reload(loadedConfig(to(upstream.endpoint)))
  for await (const step of relayApi.letters.replay(relay.config.data_dir, 'main', 'up', { dryRun: false })) {
    t.match(step, { plan: { messages: 2, to: 'syslog' } })
    break
  }
  await until('it has ended', async () => {
    const steps = relayApi.letters.replay(relay.config.data_dir, 'main', 'up', { dryRun: false })[Symbol.asyncIterator]()
    const begun = await steps.next().then(
      () => true,
      () => false,
    )
    await steps.return?.()
    return begun
  })
  t.same(main().queue.deadLetters, { up: 2 })
})
