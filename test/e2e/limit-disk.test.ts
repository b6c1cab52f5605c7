import { test } from 'tap'
import { oneSink, ownAddress, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { knock, sendDatagrams, sendOnce } from '../support/relay-senders.ts'
import { until } from '../support/relay-until.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

test('a full disk is a state: the relay starts and runs, its port is closed, and it opens when there is room', async (t) => {
  const upstream = await UpstreamServer.listen(t)
  const config = oneSink(syslogSink(upstream.endpoint), { source: { host: ownAddress } })
  const relay = await RelayProcess.start(t, { ...config, min_free_disk: '8000TiB' })
  const { ready, reasons, queue, source } = await relay.pipeline()
  t.notOk(ready)
  t.equal(queue.condition, 'disk_full')
  t.match(reasons, [/^the disk is full: \d+ bytes of disk are free, min_free_disk asks for \d+$/])
  t.strictSame(
    source.listening.map(({ transports }) => transports),
    [['udp']],
  )
  t.equal((await fetch(`${relay.admin}/readyz`)).status, 503)
  t.equal((await fetch(`${relay.admin}/livez`)).status, 200)
  await sendDatagrams(ownAddress, source.listening[0]?.port ?? 0, ['<13>a datagram finds no room'])

  t.match(await relay.reload({ ...config, min_free_disk: '1B' }), { msg: 'configuration reloaded', restarted: ['main'] })
  const to = { host: ownAddress, port: await relay.port() }
  await until('the port to open', async () => (await knock(to)) === 'open')
  await sendOnce(t, to, '<13>now there is room\n')
  await upstream.until('the message', ({ messages }) => messages.includes('<13>now there is room'))
  const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
  t.strictSame(unbalanced(ledger), [])
  t.equal(ledger.received.udp, 1, 'the datagram is in the books')
})
