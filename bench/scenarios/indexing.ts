import type { Room } from '../../test/real/support/room.ts'
import { cpuSeconds } from '../load/process-usage.ts'
import type { SearchNode } from '../load/search-node.ts'
import { type CountingUpstream, type Load, Upstream, unlimited } from '../load/traffic.ts'
import type { RelayUnderTest } from '../relays/relay-under-test.ts'
import { inRoom, type LoadResult, measureLoad, nextFirst } from './measured-run.ts'

export interface IndexingResult extends LoadResult {
  /** Processor time of whoever took the documents, microseconds for each. */
  readonly upstreamCpuMicroseconds: number
}

/** Who takes documents: opened anew for each run. */
export interface IndexingTarget {
  open(room: Room): Promise<IndexingUpstream>
}

export interface IndexingUpstream {
  readonly upstream: CountingUpstream
  cpuSeconds(): Promise<number>
}

/** An upstream that only counts: what the relays themselves cost, and can do. */
export const counting: IndexingTarget = {
  async open(room) {
    const upstream = await Upstream.open(room, 'bulk-upstream.ts')
    return { upstream, cpuSeconds: async () => cpuSeconds(upstream.pid) }
  },
}

/** A real node, which stays, with an empty index for each run. */
export function searchTarget(node: SearchNode): IndexingTarget {
  return {
    async open() {
      await node.clear()
      return { upstream: node, cpuSeconds: () => node.cpuSeconds() }
    },
  }
}

// Of the messages, before they are measured.
const warmUpShare = 0.1
// A node may pause for long; and a peer that was refused waits before it tries again.
const quietMs = 10_000

/** So many messages through a relay, from the first one sent to the last document that was taken. logrelay has to bring each exactly once. */
export async function measureIndexing(relay: RelayUnderTest, target: IndexingTarget, messages: number): Promise<IndexingResult> {
  return await inRoom(async (room) => {
    const { upstream, cpuSeconds: upstreamCpu } = await target.open(room)
    const running = await relay.start(room, { upstreamPort: upstream.port, format: 'rfc5424' })
    const load: Load = { protocol: 'tcp', first: 0, messages, seconds: unlimited, rate: 0, connections: 4 }
    const warmUp = nextFirst(messages * warmUpShare)
    await measureLoad(room, running, upstream, { ...load, messages: warmUp }, quietMs)
    const before = await upstreamCpu()
    const result = await measureLoad(room, running, upstream, { ...load, first: warmUp }, quietMs)
    const upstreamCpuMicroseconds = (((await upstreamCpu()) - before) * 1e6) / messages
    if (relay.name.startsWith('logrelay') && (result.lost !== 0 || result.duplicates !== 0))
      throw new Error(`${relay.name}: of ${messages} messages ${result.lost} are missing, ${result.duplicates} came twice`)
    return { ...result, upstreamCpuMicroseconds }
  })
}
