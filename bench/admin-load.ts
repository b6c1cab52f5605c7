import autocannon from 'autocannon'
import { checkLedger } from '../test/real/support/check-ledger.ts'
import { Relay } from '../test/real/support/relay.ts'
import { Room } from '../test/real/support/room.ts'
import { type Load, send, Upstream } from './traffic.ts'

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
  const room = await Room.open()
  try {
    const load: Load = { protocol: 'tcp', messages: adminRate * (seconds * adminPaths.length + 2), rate: adminRate, connections: 4 }
    const upstream = await Upstream.open(room, load.messages)
    const relay = await Relay.start(room, {
      sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${upstream.port}`], format: 'raw', framing: 'newline' },
    })
    const sent = send(room, relay.port, load)
    const results: AdminResult[] = []
    for (const path of adminPaths) results.push(await ask(relay.adminPort, path, seconds))
    await sent
    const { distinct } = await upstream.finished(2000)
    if (distinct !== load.messages) throw new Error(`${load.messages - distinct} messages lost while the admin endpoints were asked`)
    checkLedger((await relay.status()).ledger)
    return results
  } finally {
    await room.close()
  }
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
