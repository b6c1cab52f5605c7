import type { Drops, Ledger } from '../../src/core/ledger.ts'
import { checkLedger } from '../../test/real/support/check-ledger.ts'
import { Room } from '../../test/real/support/room.ts'
import { until } from '../../test/real/support/until.ts'
import { blockMessages } from '../load/message-layout.ts'
import { cpuSeconds, memory, Watch } from '../load/process-usage.ts'
import { type CountingUpstream, type Load, send, Upstream } from '../load/traffic.ts'
import type { UpstreamCounts } from '../load/upstream.ts'
import type { Format, RelayUnderTest, RunningRelay } from '../relays/relay-under-test.ts'

/** What one load on one relay showed. */
export interface LoadResult {
  /** From the first message sent to the last one at the upstream. */
  readonly messagesPerSecond: number
  /** What the sender reached. */
  readonly sentPerSecond: number
  /** Processor time of the relay, microseconds for each message that it forwarded. */
  readonly cpuMicroseconds: number
  readonly sent: number
  /** Sent and never seen at the upstream. */
  readonly lost: number
  /** How many of them the relay's own ledger says it dropped; undefined where a relay has none. */
  readonly countedLost: number | undefined
  readonly duplicates: number
  readonly peakMiB: number
  readonly anonymousMiB: number
}

/** Before anything is measured, so that connections, compiled code and memory are as in a relay that has run for a while. */
export const warmUpSeconds = 1

// A relay that brings nothing for so long, when nothing is sent any more, has nothing left.
const usualQuietMs = 2000

/** Opens a room for a scenario, and closes it. What the programs in it printed is shown when it fails. */
export async function inRoom<T>(scenario: (room: Room) => Promise<T>): Promise<T> {
  const room = await Room.open()
  try {
    return await scenario(room)
  } catch (error) {
    console.error(room.explain())
    throw error
  } finally {
    await room.close()
  }
}

/** A whole run: starts the relay, sends, waits for the last message at the upstream, and checks the books. */
export async function measureRelay(relay: RelayUnderTest, load: Load, format: Format): Promise<LoadResult> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const running = await relay.start(room, { upstreamPort: upstream.port, format, tls: load.protocol === 'tls' })
    const { sent } = await measureLoad(room, running, upstream, { ...load, seconds: warmUpSeconds })
    return await measureLoad(room, running, upstream, { ...load, first: nextFirst(load.first + sent) })
  })
}

/** The number at which the next load may begin. */
export function nextFirst(next: number): number {
  return Math.ceil(next / blockMessages) * blockMessages
}

/** One load on a relay that runs already. Throws when messages arrive that were never sent, or when a ledger does not balance. */
export async function measureLoad(
  room: Room,
  relay: RunningRelay,
  upstream: CountingUpstream,
  load: Load,
  quietMs = usualQuietMs,
): Promise<LoadResult> {
  const port = load.protocol === 'tls' ? relay.tlsPort : relay.port
  if (port === undefined) throw new Error('this relay takes no TLS')
  const before = await upstream.counts()
  const ledgerBefore = await relay.ledger?.()
  const cpuBefore = cpuSeconds(relay.pid)
  const watch = new Watch(relay.pid)
  const sent = await send(room, port, load)
  const counts = await upstream.finished(before.distinct + sent.messages, quietMs)
  const cpu = cpuSeconds(relay.pid) - cpuBefore
  watch.stop()
  if (counts.malformed > 0) throw new Error(`the relay delivered ${counts.malformed} messages that were never sent`)
  const arrived = counts.arrived - before.arrived
  const distinct = counts.distinct - before.distinct
  const took = seconds(sent.began, counts.lastAt)
  return {
    messagesPerSecond: arrived / took,
    sentPerSecond: sent.messages / seconds(sent.began, sent.ended),
    cpuMicroseconds: (cpu * 1e6) / arrived,
    sent: sent.messages,
    lost: sent.messages - distinct,
    countedLost: ledgerBefore && (await settledBooks(relay, counts, sent.messages, ledgerBefore)),
    duplicates: arrived - distinct,
    peakMiB: memory(relay.pid).peakMiB,
    anonymousMiB: watch.mostAnonymousMiB,
  }
}

/**
 * Waits until the relay has settled everything, checks that its ledger balances and agrees with the upstream, and answers with what
 * it says it dropped of this load.
 */
async function settledBooks(relay: RunningRelay, counts: UpstreamCounts, sent: number, before: Ledger): Promise<number> {
  const settled = await until('the relay to settle what it delivered', async () => {
    const now = await relay.ledger?.()
    if (now === undefined) return undefined
    checkLedger(now)
    return now.sinks.upstream?.queued === 0 && now.sinks.upstream
  })
  // Nothing is sent twice but on a new connection, and there was none.
  if (settled.delivered !== counts.arrived)
    throw new Error(`the ledger says ${settled.delivered} delivered, the upstream got ${counts.arrived}`)
  const received = settled.received - (before.sinks.upstream?.received ?? 0)
  if (received > sent) throw new Error(`the ledger says ${received} received, ${sent} were sent`)
  return droppedIn(settled.dropped) - droppedIn(before.sinks.upstream?.dropped ?? {})
}

function droppedIn(drops: Drops): number {
  return Object.values(drops).reduce((sum, count) => sum + count, 0)
}

export function seconds(from: string, to: string): number {
  return Number(BigInt(to) - BigInt(from)) / 1e9
}
