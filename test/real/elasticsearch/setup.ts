import { numberedMessages } from '../support/difficult-messages.ts'
import { demandCommand, runCommand } from '../support/elastic-command.ts'
import { checkNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink } from '../support/elastic-relay.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: '`logrelay elasticsearch setup` makes a real OpenSearch ready, and says which plugin it lacks', run: setUp, limitMs: 180_000 },
]

const stream = 'logs-logrelay.generic_rfc5424-default'
const template = '/_index_template/logrelay-logs-logrelay.device-default'
const lacking = /no Index State Management plugin/

async function setUp(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 1)
  const [node] = cluster as [OpenSearch]
  const relay = await Relay.configured(room, { sink: elasticsearchSink(cluster) })
  await withRetention(relay, node)
  await dryRun(relay, node)
  await install(relay, node)
  // What is there already is no mistake.
  const again = await install(relay, node)

  await relay.restart()
  const sent = [
    ...numberedMessages(1000),
    Buffer.from('<13>1 2026-11-21T12:34:56Z host app - - [a@1 b="c"][d@2 e.f="g"] n=1000 with structured data'),
  ]
  await sendFrames({ host: '127.0.0.1', port: relay.port }, sent)
  await untilSink(relay, 'all to be delivered', ({ delivered }) => delivered === sent.length)
  await checkNumbers(node, stream, sent.length)
  await checkStream(node, sent.length)
  return `${again.split('\n')[0]}; ${sent.length} messages in a data stream with these mappings; without ISM it says so`
}

/** What nobody would delete may not look as if somebody did. */
async function withRetention(relay: Relay, node: OpenSearch): Promise<void> {
  const { status, stdout, stderr } = await runCommand(relay, 'elasticsearch', 'setup', '--retention', '30d', '--replicas', '0')
  if (status !== 1 || !lacking.test(stderr) || !stderr.includes('ENDPOINT_REFUSED'))
    throw new Error(`setup with --retention ended with ${status}: ${stdout}${stderr}`)
  await checkAbsent(node, 'after a setup that failed')
}

async function dryRun(relay: Relay, node: OpenSearch): Promise<void> {
  const would = await demandCommand(relay, 'elasticsearch', 'setup', '--replicas', '0', '--dry-run')
  if (!would.includes('would install index template') || !lacking.test(would)) throw new Error(`a dry run printed ${would}`)
  await checkAbsent(node, 'after a dry run')
}

async function checkAbsent(node: OpenSearch, when: string): Promise<void> {
  const { status } = await node.get(template)
  if (status !== 404) throw new Error(`there is a template ${when}: ${status}`)
}

async function install(relay: Relay, node: OpenSearch): Promise<string> {
  const said = await demandCommand(relay, 'elasticsearch', 'setup', '--replicas', '0')
  if (!said.includes('installed index template') || !lacking.test(said)) throw new Error(`setup printed ${said}`)
  await node.demand('GET', template)
  return said
}

interface Mapping {
  readonly mappings: { readonly properties: Record<string, Field> }
}

interface Field {
  readonly type?: string
  readonly properties?: Record<string, Field>
}

const types: Readonly<Record<string, string>> = {
  '@timestamp': 'date',
  message: 'match_only_text',
  'event.created': 'date',
  'source.ip': 'ip',
  'source.port': 'long',
  'log.syslog.hostname': 'keyword',
  'log.syslog.severity.code': 'long',
  'log.syslog.structured_data': 'flat_object',
  'data_stream.dataset': 'keyword',
}

/** The first message made a data stream by the template, and the cluster finds messages by the types of their fields. */
async function checkStream(node: OpenSearch, count: number): Promise<void> {
  const { data_streams } = await node.demand<{ data_streams: { name: string; template: string }[] }>('GET', `/_data_stream/${stream}`)
  if (`/_index_template/${data_streams[0]?.template}` !== template) throw new Error(`the data stream: ${JSON.stringify(data_streams)}`)
  const [mapping] = Object.values(await node.demand<Record<string, Mapping>>('GET', `/${stream}/_mapping`))
  for (const [path, type] of Object.entries(types)) {
    const [first, ...names] = path.split('.') as [string, ...string[]]
    const field = names.reduce((at, name) => at?.properties?.[name], mapping?.mappings.properties[first])
    if (field?.type !== type) throw new Error(`the field ${path} is ${JSON.stringify(field)} and not ${type}`)
  }
  const query = 'source.ip:"127.0.0.0/8" AND @timestamp:[2026-11-21 TO 2026-11-22] AND log.syslog.severity.code:<7'
  const found = await node.demand<{ count: number }>('GET', `/${stream}/_count?q=${encodeURIComponent(query)}`)
  if (found.count !== count) throw new Error(`${query} finds ${found.count} of ${count}`)
}
