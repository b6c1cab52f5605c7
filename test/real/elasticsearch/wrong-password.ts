import { copyFile, writeFile } from 'node:fs/promises'
import { Authority } from '../support/certificates.ts'
import { numberedMessages } from '../support/difficult-messages.ts'
import { checkNumbers } from '../support/elastic-documents.ts'
import { elasticsearchSink, type SinkView, untilSink } from '../support/elastic-relay.ts'
import { sendFrames } from '../support/octet-sender.ts'
import { OpenSearch } from '../support/opensearch.ts'
import { Relay } from '../support/relay.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'an unknown authority, then a wrong password, are mended in their files and nothing is lost', run: mended, limitMs: 240_000 },
]

const index = 'syslog-secured'
const messages = numberedMessages(2000)

/** One relay, never restarted: a certificate or a password that is put right on disk is enough. */
async function mended(room: Room): Promise<string> {
  const authority = await Authority.create(room)
  const stranger = await Authority.create(room, 'stranger')
  const cluster = await OpenSearch.cluster(room, 1, { authority })
  const [node] = cluster as [OpenSearch]
  const [caFile, passwordFile] = [room.path('trusted.pem'), room.path('password')]
  await copyFile(stranger.caFile, caFile)
  await writeFile(passwordFile, 'not this one\n', { mode: 0o600 })
  const relay = await Relay.start(room, {
    sink: elasticsearchSink(cluster, { index, username: 'admin', password: { file: passwordFile }, tls: { ca_file: caFile } }),
  })
  const { pid } = relay
  await sendFrames({ host: '127.0.0.1', port: relay.port }, messages)

  const untrusted = await failing(relay, 'ENDPOINT_TLS')
  await copyFile(authority.caFile, caFile)
  const unknown = await failing(relay, 'ENDPOINT_AUTH')
  await writeFile(passwordFile, 'admin\n')
  await relay.settled(messages.length, 60_000)
  if (relay.pid !== pid) throw new Error('the relay was started anew')
  await checkNumbers(node, index, messages.length)
  return `${messages.length} documents, each number once, after "${untrusted}" and "${unknown}"`
}

/** Waits until the sink backs off because of this, with every message still in the queue, and returns its words. */
async function failing(relay: Relay, code: string): Promise<string> {
  const condition = ({ sink }: SinkView) => sink.state === 'backing_off' && sink.error?.code === code
  const { sink, queued } = await untilSink(relay, `the sink to fail with ${code}`, condition)
  if (queued !== messages.length) throw new Error(`${queued} of ${messages.length} messages wait after ${code}`)
  return sink.error?.message ?? ''
}
