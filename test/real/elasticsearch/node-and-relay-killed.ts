import { numberedMessages } from '../support/difficult-messages.ts'
import { answersOf } from '../support/elastic-answers.ts'
import { demandCommand } from '../support/elastic-command.ts'
import { checkNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink } from '../support/elastic-relay.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: '500,000 syslog messages are indexed once each through a kill of a node and of the relay', run: killed, limitMs: 400_000 },
]

const count = 500_000
const nodeKilledAt = 150_000
const relayKilledAt = 250_000
/** The machine may have other work: it is what arrives that is judged. */
const patienceMs = 240_000

const stream = 'logs-logrelay.generic_rfc5424-default'

/**
 * Everything is in the relay's queue before the first kill, so nothing but the delivery is put to the test, and the count is exact. Of two
 * shards each node has one that takes writes, and a copy of the other: at the end both nodes have to hold every message.
 */
async function killed(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 2)
  const [first, second] = cluster as [OpenSearch, OpenSearch]
  const relay = await Relay.configured(room, { sink: elasticsearchSink(cluster) })
  await demandCommand(relay, 'elasticsearch', 'setup', '--replicas', '1', '--shards', '2')
  await relay.restart()

  const begunMs = performance.now()
  await sendFrames({ host: '127.0.0.1', port: relay.port }, numberedMessages(count))
  const until = (what: string, delivered: number) =>
    untilSink(relay, what, (view) => view.received === count && view.delivered >= delivered, patienceMs)
  await until(`${nodeKilledAt} to be delivered`, nodeKilledAt)
  await first.health('wait_for_status=green')
  await second.kill()
  const atKill = await until('more to be delivered without the node', relayKilledAt)
  await relay.kill()
  await Promise.all([relay.restart(), second.restart()])
  const done = await until('all to be delivered', count)
  const seconds = (performance.now() - begunMs) / 1000
  if (done.queued !== 0 || done.rejected !== 0) throw new Error(`the ledger says ${JSON.stringify(done)}`)

  await first.health('wait_for_status=green')
  await checkNumbers(first, stream, count)
  const copies = await copiesOf(cluster)
  if (copies.some((copy) => copy !== count)) throw new Error(`the copies of the index hold ${copies.join(' and ')} of ${count} documents`)
  const answers = await Promise.all(cluster.map((node) => answersOf(node)))
  return [
    `${count} documents, each number once, in both copies, after ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s)`,
    `node killed with ${nodeKilledAt}, relay with ${atKill.delivered} delivered`,
    `answers of the first node: ${answers[0]}; of the second in its second life: ${answers[1]}`,
  ].join('; ')
}

/** What each node has on its own disk. */
async function copiesOf(cluster: readonly OpenSearch[]): Promise<number[]> {
  const copies: number[] = []
  for (const node of cluster) copies.push((await node.demand<{ count: number }>('GET', `/${stream}/_count?preference=_only_local`)).count)
  return copies
}
