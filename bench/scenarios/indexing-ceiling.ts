import autocannon from 'autocannon'
import { BulkBodies } from '../load/bulk-body.ts'
import { searchIndex } from '../relays/relay-under-test.ts'
import type { IndexingTarget } from './indexing.ts'
import { inRoom } from './measured-run.ts'

/** What an upstream takes at most from a client that has its requests ready. */
export interface Ceiling {
  readonly connections: number
  /** Whether documents came with ids. */
  readonly ids: boolean
  readonly documentsPerSecond: number
  readonly upstreamCpuMicroseconds: number
}

/** Ready-made bodies for so many seconds over so many connections, a request at a time on each. */
export async function measureCeiling(target: IndexingTarget, connections: number, ids: boolean, seconds: number): Promise<Ceiling> {
  return await inRoom(async (room) => {
    const { upstream, cpuSeconds } = await target.open(room)
    const bodies = new BulkBodies(ids)
    const before = await cpuSeconds()
    const result = await autocannon({
      url: `http://127.0.0.1:${upstream.port}/${searchIndex}/_bulk?filter_path=took,errors,items.*.status`,
      ...{ connections, duration: seconds, timeout: 60, method: 'POST', headers: { 'content-type': 'application/x-ndjson' } },
      requests: [{ setupRequest: (request) => ({ ...request, body: bodies.next() }) }],
      verifyBody: (body) => String(body).includes('"errors":false'),
    })
    const { non2xx, errors, timeouts, mismatches } = result
    // A node that has too much to do answers 429, whose text is another as well.
    if (errors + timeouts > 0 || mismatches > non2xx) {
      throw new Error(`autocannon: ${non2xx} answers refused, ${errors} errors, ${timeouts} timeouts, ${mismatches} answers with errors`)
    }
    const documents = result['2xx'] * bodies.documents
    const upstreamCpuMicroseconds = (((await cpuSeconds()) - before) * 1e6) / documents
    return { connections, ids, documentsPerSecond: documents / result.duration, upstreamCpuMicroseconds }
  })
}
