import autocannon from 'autocannon'
import { checkLedger } from '../../test/real/support/check-ledger.ts'
import { type Load, send, Upstream, unlimited } from '../load/traffic.ts'
import { durable } from '../relays/logrelay.ts'
import { inRoom } from './measured-run.ts'

export interface AdminResult {
  readonly path: string
  readonly requestsPerSecond: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Answers other than 2xx, and requests without one. */
  readonly failed: number
}

export const adminPaths: readonly string[] = ['/livez', '/readyz', '/metrics', '/status']
export const adminRate = 20_000
const connections = 10

/** Asks each admin endpoint for so many seconds, while the relay forwards `adminRate` messages a second over TCP and must lose none. */
export async function measureAdmin(seconds: number): Promise<AdminResult[]> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const relay = await durable.start(room, { upstreamPort: upstream.port, format: 'rfc5424' })
    const messages = adminRate * (seconds * adminPaths.length + 2)
    const load: Load = { protocol: 'tcp', first: 0, messages, seconds: unlimited, rate: adminRate, connections: 4 }
    const sent = send(room, relay.port, load)
    const results: AdminResult[] = []
    for (const path of adminPaths) results.push(await ask(relay.adminPort, path, seconds))
    await sent
    const { distinct } = await upstream.finished(messages, 2000)
    if (distinct !== messages) throw new Error(`${messages - distinct} messages lost while the admin endpoints were asked`)
    checkLedger((await relay.status()).ledger)
    return results
  })
}

async function ask(port: number, path: string, duration: number): Promise<AdminResult> {
  const result = await autocannon({ url: `http://127.0.0.1:${port}${path}`, connections, duration })
  return {
    path,
    requestsPerSecond: result.requests.average,
    medianMs: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  }
}
