import { messageNumber, numberedMessages } from './support/difficult-messages.ts'
import { freePort } from './support/free-port.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import { Rsyslog } from './support/rsyslog.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { until } from './support/until.ts'

const messages = numberedMessages(200_000)
const receivedBeforeKill = 20_000

export const scenarios: readonly Scenario[] = [
  { name: 'the relay is killed while rsyslog sends over TCP from its disk-assisted queue, and started again', run: killed },
]

/**
 * The upstream is down, so that nothing the relay took has left it when it is killed. Afterwards the upstream must get
 * what was on disk, in order and without a gap, and then what rsyslog sends from where it goes on. Between the two lies
 * what syslog over TCP cannot know: rsyslog goes on after the last message that its own kernel took, or sends some again.
 */
async function killed(room: Room): Promise<Delivery> {
  const upstreamPort = await freePort()
  const relay = await Relay.start(room, {
    sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${upstreamPort}`], retry: { initial: '100ms', max: '1s' } },
  })
  const rsyslog = await Rsyslog.start(room, {
    actions: `action(type="omfwd" target="127.0.0.1" port="${relay.port}" protocol="tcp" TCP_Framing="octet-counted" template="message"
      queue.type="LinkedList" queue.workerThreads="1" queue.size="400000" queue.fileName="forward" queue.saveOnShutdown="on"
      action.resumeRetryCount="-1" action.resumeInterval="1")`,
  })
  const fed = rsyslog.feed(messages)
  await until('the relay to have received some', async () => {
    const received = (await relay.status()).ledger.sinks.upstream?.received ?? 0
    return received >= receivedBeforeKill
  })
  await relay.kill()
  await fed
  // rsyslog stands still, so that what the relay finds on its disk is all that it holds.
  rsyslog.signal('SIGSTOP')
  await relay.restart()
  const onDisk = (await relay.status()).queue.nextSeq
  rsyslog.signal('SIGCONT')
  const upstream = await OctetReceiver.open(room, upstreamPort)
  const last = messages.at(-1) as Buffer
  await until(
    () => `the last message; ${upstream.messages.length} arrived`,
    () => upstream.messages.at(-1)?.equals(last),
    60_000,
  )
  await relay.settled(upstream.messages.length)
  return judge(upstream.messages, onDisk)
}

function judge(arrived: readonly Buffer[], onDisk: number): Delivery {
  const jump = arrived.findIndex((message, i) => messageNumber(message) !== i)
  const kept = jump < 0 ? arrived.length : jump
  if (kept < onDisk) throw new Error(`${onDisk} messages were on disk after the kill, but only the first ${kept} arrived`)
  const resumed = jump < 0 ? kept : messageNumber(arrived[jump] as Buffer)
  const between =
    resumed >= kept ? `${resumed - kept} were in rsyslog's kernel and the relay's memory` : `${kept - resumed} were sent again`
  const sent = [...messages.slice(0, kept), ...messages.slice(resumed)]
  return { sent, arrived, note: `killed with ${onDisk} on disk; ${between}` }
}
