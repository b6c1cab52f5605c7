import { numberedMessages } from '../support/difficult-messages.ts'
import { countNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink } from '../support/elastic-relay.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import { Rsyslog } from '../support/rsyslog.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'

export const scenarios: readonly Scenario[] = [
  {
    name: 'rsyslog sends over RELP to an index while the relay is killed twice, and every message is there',
    run: killed,
    limitMs: 240_000,
  },
]

const count = 100_000
const kills = [25_000, 60_000]
const index = 'syslog-relp'

/**
 * From one end to the other: what rsyslog was answered for is in the index. It sends again what a kill left unanswered, so a few messages are
 * received twice; the relay cannot know that, and each that it received is one document, however often it was sent on.
 */
async function killed(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 1)
  const [node] = cluster as [OpenSearch]
  const relay = await Relay.start(room, { sink: elasticsearchSink(cluster, { index }), source: { type: 'relp' } })
  const rsyslog = await Rsyslog.start(room, {
    inputs: 'module(load="omrelp")',
    actions: `action(type="omrelp" target="127.0.0.1" port="${relay.port}" template="message" timeout="5" conn.timeout="2"
      queue.type="LinkedList" queue.workerThreads="1" queue.size="200000" queue.fileName="forward" queue.saveOnShutdown="on"
      action.resumeRetryCount="-1" action.resumeInterval="1")`,
  })
  const fed = rsyslog.feed(numberedMessages(count))
  for (const enough of kills) {
    await untilSink(relay, `${enough} messages from rsyslog`, ({ received, delivered }) => received >= enough && delivered > 0)
    await relay.kill()
    await relay.restart()
  }
  await fed
  await until('the last message in the index', async () => (await countOfLast(node)) > 0, 90_000)
  const { received, delivered, rejected } = await untilSink(relay, 'an empty queue', ({ queued }) => queued === 0)
  const { documents, missing, repeated } = await countNumbers(node, index, count)
  if (missing > 0) throw new Error(`${missing} of ${count} messages are not in the index`)
  if (documents !== delivered || rejected > 0)
    throw new Error(`${documents} documents of ${received} messages, ${delivered} delivered and ${rejected} rejected`)
  return `${count} messages, ${documents} received, as many documents; ${repeated} that rsyslog sent again after ${kills.length} kills`
}

/** It comes in order: when the last is there, all are. */
async function countOfLast(node: OpenSearch): Promise<number> {
  await node.request('POST', `/${index}/_refresh`)
  const answer = await node.get<{ count?: number }>(`/${index}/_count?q=message:${count - 1}`)
  return answer.body.count ?? 0
}
