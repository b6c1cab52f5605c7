import { test } from 'tap'
import { oneSink, ownAddress, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { messageOf } from '../support/relay-messages.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { until } from '../support/relay-until.ts'
import { ReliableRelpSender } from '../support/reliable-relp-sender.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const count = 60_000
const numberOf = (message: string) => Number(/ n(\d+) /.exec(message)?.[1])

/** A port that stays a relay's own through its lives. */
async function portOf(relay: RelayProcess, config: Parameters<RelayProcess['configure']>[0]): Promise<number> {
  const port = await relay.port()
  const { main } = config.pipelines
  relay.configure({ ...config, pipelines: { main: { ...main, source: { ...main?.source, port } } as never } })
  return port
}

for (const durability of ['always', 'assisted'] as const) {
  test(`RELP from a sender through two relays, both killed again and again, durability ${durability}: what was acknowledged arrives`, async (t) => {
    const upstream = await UpstreamServer.listen(t)
    const queue = { durability }
    const source = { type: 'relp', host: ownAddress, port: 0 }
    const second = oneSink(syslogSink(upstream.endpoint), { source, queue })
    const near = await RelayProcess.start(t, second)
    const nearPort = await portOf(near, second)
    const first = oneSink(syslogSink(`relp://${ownAddress}:${nearPort}`), { source, queue })
    const far = await RelayProcess.start(t, first)
    const sender = new ReliableRelpSender({ host: ownAddress, port: await portOf(far, first) }, count, (index) => messageOf(0, index, 180))

    const sending = sender.run()
    for (const [lives, relay] of [far, near, far, near].entries()) {
      const share = ((lives + 1) * count) / 6
      await until(`${share} acknowledged`, () => sender.acknowledged.size >= share, 60_000)
      await relay.kill()
      await relay.start()
    }
    await sending

    const arrived = () => new Set(upstream.messages.map(numberOf))
    await upstream.until('every one of them', ({ taken }) => taken >= count && arrived().size === count)
    t.equal(arrived().size, count)
    for (const relay of [far, near]) {
      const { ledger } = await relay.untilPipeline('all settled', (main) => main.ledger.sinks.up?.queued === 0)
      t.strictSame(unbalanced(ledger), [])
    }
    t.comment(`${upstream.taken - count} came twice`)
  })
}
