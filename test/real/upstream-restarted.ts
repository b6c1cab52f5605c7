import { difficultMessages, numberedMessages } from './support/difficult-messages.ts'
import { freePort } from './support/free-port.ts'
import { sendFrames } from './support/octet-sender.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import { Rsyslog } from './support/rsyslog.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { until } from './support/until.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'the upstream rsyslog is stopped, killed and started again, and the relay keeps what comes meanwhile', run: restarted },
]

async function restarted(room: Room): Promise<Delivery> {
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    inputs: `module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="${port}" ruleset="main")`,
  })
  const relay = await Relay.start(room, {
    sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${port}`], retry: { initial: '100ms', max: '1s' } },
  })
  const part = [...difficultMessages({ lineFeeds: true }), ...numberedMessages(2000)]
  const sent: Buffer[] = []
  const send = async () => {
    await sendFrames({ host: '127.0.0.1', port: relay.port }, part)
    sent.push(...part)
  }
  await send()
  await rsyslog.waitForWritten(sent.length)
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await relay.settled(sent.length)
    await rsyslog.stop(signal)
    await send()
    await until('the relay to hold what came meanwhile', async () => {
      const { ledger, sinks } = await relay.status()
      return ledger.sinks.upstream?.queued === part.length && sinks.upstream?.error?.code === 'ENDPOINT_UNREACHABLE'
    })
    await rsyslog.restart()
    await rsyslog.waitForWritten(sent.length)
  }
  await relay.settled(sent.length)
  return { sent, arrived: await rsyslog.written() }
}
