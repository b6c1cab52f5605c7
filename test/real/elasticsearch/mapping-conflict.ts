import { demandCommand } from '../support/elastic-command.ts'
import { documentsOf } from '../support/elastic-documents.ts'
import { elasticsearchSink, untilSink, viewSink } from '../support/elastic-relay.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a mapping conflict in every thousandth document makes dead letters, which a replay delivers', run: conflict, limitMs: 180_000 },
]

const count = 50_000
const every = 1000
const wrong = count / every

/** The alias; what it writes to at first, and what after its rollover. */
const alias = 'syslog-body'
const before = `${alias}-000001`
const after = `${alias}-000002`

/** As a team has it that writes its own mappings: the body's field is a number. */
const mapping = (type: string) => ({ mappings: { properties: { json: { properties: { took: { type } } } } } })

/** Messages with a JSON body; now and then its field is a text, which no number field takes. */
function message(number: number): Buffer {
  const took = number % every === every / 2 ? '"a while"' : number
  return Buffer.from(`<134>1 2026-11-21T12:34:56.789012+01:00 host app 1 - - {"number":${number},"took":${took}}`)
}

async function conflict(room: Room): Promise<string> {
  const cluster = await OpenSearch.cluster(room, 1)
  const [node] = cluster as [OpenSearch]
  await node.demand('PUT', `/${before}`, { ...mapping('long'), aliases: { [alias]: { is_write_index: true } } })
  const relay = await Relay.start(room, { sink: elasticsearchSink(cluster, { index: alias, json_body: 'nest' }) })
  const begunMs = performance.now()
  await sendFrames(
    { host: '127.0.0.1', port: relay.port },
    Array.from({ length: count }, (_, number) => message(number)),
  )
  // A refused message is not a failure of the sink: nothing waits because of it.
  const settled = await untilSink(relay, 'all to be settled', ({ received, queued, sink }) => {
    if (sink.error !== undefined) throw new Error(`the sink failed: ${sink.error.message}`)
    return received === count && queued === 0
  })
  const seconds = (performance.now() - begunMs) / 1000
  if (settled.rejected !== wrong || settled.delivered !== count - wrong) throw new Error(`the ledger says ${JSON.stringify(settled)}`)
  const refused = await checkLetters(relay)
  const found = await node.count(alias)
  if (found !== count - wrong) throw new Error(`${found} documents before the replay`)

  await node.demand('POST', `/${alias}/_rollover`, mapping('keyword'))
  await replay(relay)
  await checkDocuments(node)
  return `${found} indexed in ${seconds.toFixed(1)} s, ${wrong} dead letters (${refused}), all replayed under their own ids`
}

interface Letters {
  readonly messages: number
  readonly groups: readonly { readonly code: string; readonly reason: string; readonly messages: number }[]
}

/** Returns the one reason that all dead letters have. */
async function checkLetters(relay: Relay): Promise<string> {
  const printed = await demandCommand(relay, 'deadletter', 'ls', 'main', '--json')
  const { messages, groups } = JSON.parse(printed) as Letters
  const [group] = groups
  if (messages !== wrong || groups.length !== 1 || group?.messages !== wrong || group.code !== 'DOCUMENT_REFUSED')
    throw new Error(`deadletter ls printed ${printed}`)
  if (!group.reason.includes('json.took')) throw new Error(`the reason does not name the field: ${group.reason}`)
  return group.reason
}

async function replay(relay: Relay): Promise<void> {
  await demandCommand(relay, 'deadletter', 'replay', 'main', '--dry-run')
  if ((await viewSink(relay)).rejected !== wrong) throw new Error('a dry run changed the ledger')
  const said = await demandCommand(relay, 'deadletter', 'replay', 'main')
  const { delivered, rejected } = await viewSink(relay)
  if (delivered !== count || rejected !== 0) throw new Error(`after the replay ${delivered} are delivered, ${rejected} rejected: ${said}`)
  const left = await demandCommand(relay, 'deadletter', 'ls', 'main')
  if (!left.startsWith('No dead letters')) throw new Error(`after the replay deadletter ls printed ${left}`)
}

/** Every message once, under the number that it had in the queue: all came over one connection, so the n-th has the n-th id. */
async function checkDocuments(node: OpenSearch): Promise<void> {
  const ids: (string | undefined)[] = []
  let documents = 0
  for await (const { _index, _id, _source } of documentsOf<Body>(node, alias, ['json.number'])) {
    const { number } = _source.json
    if (_index !== (number % every === every / 2 ? after : before)) throw new Error(`message ${number} is in ${_index}`)
    ids[number] = _id
    documents++
  }
  if (documents !== count) throw new Error(`${documents} documents after the replay`)
  const [queue, first] = place(ids[0])
  for (let number = 0; number < count; number++) {
    const [ofQueue, seq] = place(ids[number])
    if (ofQueue !== queue || seq !== first + number) throw new Error(`message ${number} has the id ${ids[number]}, the first ${ids[0]}`)
  }
}

interface Body {
  readonly json: { readonly number: number }
}

/** The queue and the message's number in it, of an id: `Rnf3…-00000000a7x`. */
function place(id = ''): readonly [queue: string, seq: number] {
  const at = id.lastIndexOf('-')
  return [id.slice(0, at), Number.parseInt(id.slice(at + 1), 36)]
}
