import { numberedMessages } from '../support/difficult-messages.ts'
import { checkNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink, viewSink } from '../support/elastic-relay.ts'
import { httpGet } from '../support/http-get.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'the disk watermark of a real OpenSearch blocks writes, messages wait, and come when it lifts', run: flooded, limitMs: 240_000 },
]

const index = 'syslog-flooded'
const messages = numberedMessages(3000)
const [before, during] = [messages.slice(0, 1000), messages.slice(1000)]
/** Watermarks that no disk meets: a node looks at its disk every ten seconds. */
const disk = 'cluster.routing.allocation.disk.watermark'
const flood = { [`${disk}.low`]: '90000gb', [`${disk}.high`]: '80000gb', [`${disk}.flood_stage`]: '70000gb' }
const patienceMs = 90_000

async function flooded(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 1)
  const [node] = cluster as [OpenSearch]
  const relay = await Relay.start(room, { sink: elasticsearchSink(cluster, { index }) })
  const to = { host: '127.0.0.1', port: relay.port }
  await sendFrames(to, before)
  await relay.settled(before.length)

  await setWatermarks(node, flood)
  await until('the cluster to block the index', () => isBlocked(node), patienceMs)
  await sendFrames(to, during)
  const blockedMs = performance.now()
  const waiting = await untilSink(relay, 'the sink to back off', ({ sink }) => sink.state === 'backing_off')
  if (waiting.sink.error?.code !== 'INDEX_BLOCKED') throw new Error(`/status says ${JSON.stringify(waiting.sink)}`)
  await checkWaits(relay)

  await setWatermarks(node, Object.fromEntries(Object.keys(flood).map((name) => [name, null])))
  await relay.settled(messages.length, patienceMs)
  const seconds = (performance.now() - blockedMs) / 1000
  const { sink } = await viewSink(relay)
  if (sink.error !== undefined) throw new Error(`/status still says ${JSON.stringify(sink)}`)
  await checkNumbers(node, index, messages.length)
  return `${during.length} messages waited ${seconds.toFixed(1)} s (${waiting.sink.error.message}), none was refused`
}

async function setWatermarks(node: OpenSearch, transient: Record<string, string | null>): Promise<void> {
  await node.demand('PUT', '/_cluster/settings', { transient })
}

async function isBlocked(node: OpenSearch): Promise<boolean> {
  const settings = await node.demand<unknown>('GET', `/${index}/_settings/index.blocks.read_only_allow_delete`)
  return JSON.stringify(settings).includes('"read_only_allow_delete":"true"')
}

/** Nothing was refused for good, devices may go on sending, and whoever looks finds the reason. */
async function checkWaits(relay: Relay): Promise<void> {
  const { delivered, rejected, queued } = await viewSink(relay)
  if (delivered !== before.length || rejected !== 0 || queued !== during.length)
    throw new Error(`while blocked: ${delivered} delivered, ${rejected} rejected, ${queued} queued`)
  const { status, body } = await httpGet(relay.adminPort, '/readyz')
  if (status !== 200) throw new Error(`/readyz answered ${status}: ${body}`)
  if (!body.includes('sink upstream fails since')) throw new Error(`/readyz does not say what fails: ${body}`)
}
