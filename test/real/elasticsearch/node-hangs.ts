import type { EndpointStatus } from '../../../src/core/sink.ts'
import type { SinkStatus } from '../../../src/core/status.ts'
import { numberedMessages } from '../support/difficult-messages.ts'
import { answersOf } from '../support/elastic-answers.ts'
import { checkNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink, viewSink } from '../support/elastic-relay.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a node hangs (SIGSTOP) and its messages go through the other, once each', run: hangs, limitMs: 240_000 },
]

const index = 'syslog-hanging'
const messages = numberedMessages(60_000)
const before = messages.slice(0, 20_000)
const during = messages.slice(20_000, 50_000)
const afterwards = messages.slice(50_000)
const portion = 200

/**
 * The index lies on the node that goes on. The other takes requests and passes them on, so what it had in hand when it was stopped it
 * does when it goes on: documents that have come the other way meanwhile, which must not be there twice.
 */
async function hangs(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 2)
  const [first, second] = cluster as [OpenSearch, OpenSearch]
  await first.demand('PUT', `/${index}`, {
    settings: { number_of_replicas: 0, 'index.routing.allocation.require._name': 'opensearch-1' },
  })
  const relay = await Relay.start(room, { sink: elasticsearchSink(cluster, { index, request_timeout: '3s' }) })
  const to = { host: '127.0.0.1', port: relay.port }
  await sendFrames(to, before)
  // Later the cluster could not agree on a new field.
  await untilSink(relay, 'some to be delivered', ({ delivered }) => delivered > 0)
  second.signal('SIGSTOP')
  const stoppedMs = performance.now()
  await sendFrames(to, during)
  const sent = before.length + during.length
  const { sink } = await untilSink(relay, 'all to go through the other node', ({ delivered }) => delivered === sent)
  const seconds = (performance.now() - stoppedMs) / 1000
  const hung = endpointOf(sink, second)
  if (hung?.error?.code !== 'ENDPOINT_CLOSED') throw new Error(`/status says of the node that hangs ${JSON.stringify(hung)}`)

  second.signal('SIGCONT')
  await first.health('wait_for_nodes=2')
  await sendUntilUsed(relay, second)
  await relay.settled(messages.length, 60_000)
  await checkNumbers(first, index, messages.length)
  return [
    `${messages.length} documents, each number once; ${sent} were delivered ${seconds.toFixed(1)} s after the node was stopped (${hung.error.message})`,
    `its answers: ${await answersOf(second)}; those of the other: ${await answersOf(first)}`,
  ].join('; ')
}

/** Sends little by little, for a node is tried again only with a message; and then the rest. */
async function sendUntilUsed(relay: Relay, node: OpenSearch): Promise<void> {
  const to = { host: '127.0.0.1', port: relay.port }
  let sent = 0
  await until(
    'the node to be used again',
    async () => {
      const more = afterwards.slice(sent, sent + portion)
      sent += more.length
      await sendFrames(to, more)
      return endpointOf((await viewSink(relay)).sink, node)?.error === undefined
    },
    60_000,
  )
  await sendFrames(to, afterwards.slice(sent))
}

function endpointOf(sink: SinkStatus, { url }: OpenSearch): EndpointStatus | undefined {
  return sink.endpoints.find(({ endpoint }) => endpoint === url)
}
