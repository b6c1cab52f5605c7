import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { bulkAnswer } from './bulk-answer.ts'
import { BulkCounter } from './bulk-counter.ts'
import { SeenNumbers } from './record-counter.ts'
import type { UpstreamCounts } from './upstream.ts'

/**
 * A process that answers `_bulk` requests as Elasticsearch does when all is well, and only counts the documents: `bulk-upstream.ts`. It tells its
 * parent its port, and its counts whenever it is asked.
 */
const seen = new SeenNumbers()
const counter = new BulkCounter(seen)
let lastAt = 0n

const server = createServer((request, response) => void serve(request, response))
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
process.on('message', report)
process.on('disconnect', () => process.exit(0))

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    // A relay that stops may reset: what is missing then shows in the counts.
    return
  }
  const sent = Buffer.concat(chunks)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
  // A health check has no body.
  const documents = counter.count(body)
  if (documents > 0) lastAt = process.hrtime.bigint()
  const action = body.indexOf('{"create"') === 0 ? 'create' : 'index'
  const answer = bulkAnswer(action, documents, request.url?.includes('filter_path=') ?? false)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length })
  response.end(answer)
}

function report(): void {
  const { arrived, distinct, malformed } = seen
  process.send?.({ arrived, distinct, malformed, lastAt: String(lastAt) } satisfies UpstreamCounts)
}
