import { join } from 'node:path'
import { test } from 'tap'
import { oneSink, ownAddress, syslogSink } from '../support/relay-config.ts'
import { mostDiskUse } from '../support/relay-disk-use.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { SequenceCheck } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { knock, open, sendAll } from '../support/relay-senders.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const maxSize = 4 * 2 ** 20
const length = 1000
const each = 10_000
const senders = [0, 1]
const all = senders.length * each

for (const { whenFull, reason } of [
  { whenFull: 'drop_newest', reason: 'queue_full' },
  { whenFull: 'drop_oldest', reason: 'oldest' },
] as const) {
  test(`${whenFull}: the port stays open, senders are never held back, and what is dropped is counted`, async (t) => {
    const check = new SequenceCheck({ length, gaps: true })
    const upstream = await UpstreamServer.down(t, { take: (message) => check.take(message) })
    const config = oneSink(syslogSink(upstream.endpoint), {
      source: { host: ownAddress },
      queue: { max_size: maxSize, when_full: whenFull },
    })
    const relay = await RelayProcess.start(t, config)
    const to = { host: ownAddress, port: await relay.port() }
    const send = async () => {
      const sockets = await Promise.all(senders.map(() => open(t, to)))
      await Promise.all(sockets.map((socket, sender) => sendAll(socket, sender, each, length)))
    }
    const most = await mostDiskUse(join(relay.dataDir, 'queues'), send())
    t.ok(most <= (maxSize * 4) / 3, `${most} bytes of disk for a limit of ${maxSize}`)
    const full = await relay.untilPipeline('all received', ({ ledger }) => ledger.received.tcp === all)
    const dropped = full.ledger.sinks.up?.dropped[reason] ?? 0
    t.ok(dropped > all / 4, `${dropped} dropped`)
    t.strictSame(unbalanced(full.ledger), [])
    t.ok(full.ready, 'it takes messages')
    t.equal(await knock(to), 'open')

    await upstream.open()
    const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
    const delivered = ledger.sinks.up?.delivered ?? 0
    await upstream.until('what was kept', ({ taken }) => taken >= delivered)
    t.equal(upstream.taken, delivered)
    t.strictSame(check.faults, [], 'what arrives is whole and in order')
    t.strictSame(unbalanced(ledger), [])
    const newest = [...check.next.values()].includes(each)
    t.equal(newest, whenFull === 'drop_oldest', 'the newest are kept, or the oldest')
  })
}
