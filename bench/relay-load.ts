import { checkLedger } from '../test/real/support/check-ledger.ts'
import { Room } from '../test/real/support/room.ts'
import { until } from '../test/real/support/until.ts'
import type { Peer, RunningPeer } from './peers.ts'
import { cpuSeconds, peakMemoryMiB } from './process-usage.ts'
import { type Load, send, Upstream } from './traffic.ts'

/** What one run of one relay showed. */
export interface LoadResult {
  /** From the first message sent to the last one at the upstream. */
  readonly messagesPerSecond: number
  /** Processor time of the relay's process, microseconds for each message that it forwarded. */
  readonly cpuMicroseconds: number
  /** Sent and never seen at the upstream. */
  readonly lost: number
  /** How many of them the relay's own ledger says it dropped; undefined where a relay has none. */
  readonly countedLost: number | undefined
  readonly duplicates: number
  readonly peakMiB: number
}

// A relay that brings nothing for so long, when nothing is sent any more, has nothing left.
const quietMs = 2000

/** Starts the relay, sends, and waits for the last message at the upstream. Throws when the ledger does not balance. */
export async function measureRelay(peer: Peer, load: Load): Promise<LoadResult> {
  const room = await Room.open()
  try {
    const upstream = await Upstream.open(room, load.messages)
    const relay = await peer.start(room, upstream.port)
    const cpuBefore = cpuSeconds(relay.pid)
    const { began } = await send(room, relay.port, load)
    const counts = await upstream.finished(quietMs)
    if (counts.malformed > 0) throw new Error(`${peer.name} delivered ${counts.malformed} messages that were never sent`)
    const cpu = cpuSeconds(relay.pid) - cpuBefore
    return {
      messagesPerSecond: counts.arrived / (Number(BigInt(counts.lastAt) - BigInt(began)) / 1e9),
      cpuMicroseconds: (cpu * 1e6) / counts.arrived,
      lost: load.messages - counts.distinct,
      countedLost: await countedLost(relay, load, counts.arrived),
      duplicates: counts.arrived - counts.distinct,
      peakMiB: peakMemoryMiB(relay.pid),
    }
  } catch (error) {
    console.error(room.explain())
    throw error
  } finally {
    await room.close()
  }
}

/** The relay's own count of what it dropped, after it has settled everything and its ledger agrees with the upstream. */
async function countedLost(relay: RunningPeer, load: Load, arrived: number): Promise<number | undefined> {
  if (relay.ledger === undefined) return undefined
  const ledger = relay.ledger.bind(relay)
  const settled = await until('the relay to settle what it delivered', async () => {
    const now = await ledger()
    checkLedger(now)
    return now.sinks.upstream?.queued === 0 && now
  })
  const delivered = settled.sinks.upstream?.delivered ?? 0
  if (delivered !== arrived) throw new Error(`the ledger says ${delivered} delivered, the upstream got ${arrived}`)
  const received = settled.sinks.upstream?.received ?? 0
  if (received > load.messages) throw new Error(`the ledger says ${received} received, ${load.messages} were sent`)
  return received - delivered
}
