import type { NetConnectOpts } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { oneSink, ownAddress, syslogSink } from '../support/relay-config.ts'
import { mostDiskUse } from '../support/relay-disk-use.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { SequenceCheck } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { knock, open, sendAll } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const mebibyte = 2 ** 20
const maxSize = 8 * mebibyte
const length = 1000
const each = 24_000
const senders = [0, 1]

test('at the limit the port refuses, the disk use stays in bounds, and a blocked sender loses nothing', async (t) => {
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.down(t, { take: (message) => check.take(message) })
  const config = oneSink(syslogSink(upstream.endpoint), { source: { host: ownAddress }, queue: { max_size: maxSize, when_full: 'block' } })
  const relay = await RelayProcess.start(t, config)
  const to = { host: ownAddress, port: await relay.port() }
  const sockets = await Promise.all(senders.map(() => open(t, to)))
  let finished = 0
  const sending = sockets.map(async (socket, sender) => {
    await sendAll(socket, sender, each, length)
    finished++
  })

  const queues = join(relay.dataDir, 'queues')
  const filled = await mostDiskUse(queues, refuses(t, relay, to))
  t.ok(filled <= (maxSize * 4) / 3, `${filled} bytes of disk at the limit of ${maxSize}`)
  t.equal(finished, 0, 'the senders are blocked')

  const passThrough = async () => {
    await upstream.open()
    await Promise.all(sending)
    await upstream.until('every message', ({ taken }) => taken >= senders.length * each)
  }
  const passing = await mostDiskUse(queues, passThrough())
  t.ok(passing <= (maxSize * 4) / 3, `${passing} bytes of disk while as much came as went`)

  t.strictSame(check.faults, [])
  t.strictSame([...check.next.values()], [each, each])
  await relay.untilPipeline('the pipeline to be ready again', ({ ready }) => ready)
  t.equal(await knock(to), 'open')
  t.equal((await fetch(`${relay.admin}/readyz`)).status, 200)
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.strictSame(ledger.received, { udp: 0, tcp: senders.length * each, tls: 0 })
  t.strictSame(ledger.dropped, {})
  t.strictSame(unbalanced(ledger), [])
})

async function refuses(t: Test, relay: RelayProcess, to: NetConnectOpts): Promise<void> {
  const full = await relay.untilPipeline('the queue to be full', ({ queue }) => queue.condition === 'full')
  t.notOk(full.ready)
  t.match(full.reasons[0], /the queue is full/)
  await until('the port to refuse', async () => (await knock(to)) === 'ECONNREFUSED')
  const readyz = await fetch(`${relay.admin}/readyz`)
  t.equal(readyz.status, 503)
  t.match(await readyz.text(), /pipeline main: the queue is full/)
  t.equal((await fetch(`${relay.admin}/livez`)).status, 200, 'full is a state, not an end')
}

test('a relay that was killed while its queue was full starts with its port closed, and opens it when there is room', async (t) => {
  const check = new SequenceCheck({ length })
  const upstream = await UpstreamServer.down(t, { take: (message) => check.take(message) })
  const config = oneSink(syslogSink(upstream.endpoint), { source: { host: ownAddress }, queue: { max_size: mebibyte } })
  const relay = await RelayProcess.start(t, config)
  const socket = await open(t, { host: ownAddress, port: await relay.port() })
  const sending = sendAll(socket, 0, each, length)
  await relay.untilPipeline('the queue to be full', ({ queue }) => queue.condition === 'full')
  await relay.kill()
  await sending
  await relay.start()
  const { source, queue, ledger } = await relay.pipeline()
  t.equal(queue.condition, 'full')
  t.strictSame(
    source.listening.map(({ transports }) => transports),
    [['udp']],
    'UDP stays open',
  )
  await upstream.open()
  const open2 = await relay.untilPipeline(
    'the pipeline to be ready',
    ({ ready, source }) => ready && source.listening[0]?.transports.length === 3,
  )
  t.equal(await knock({ host: ownAddress, port: open2.source.listening[0]?.port ?? 0 }), 'open')
  await upstream.until('what was stored', ({ taken }) => taken >= (ledger.received.tcp ?? 0))
  t.strictSame(check.faults, [])
})
