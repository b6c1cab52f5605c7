import { SearchNode } from '../load/search-node.ts'
import { findIndexingRelays } from '../relays/all-relays.ts'
import type { RelayUnderTest } from '../relays/relay-under-test.ts'
import { whole } from '../report/format.ts'
import { indexingTable } from '../report/indexing-table.ts'
import { missing } from '../report/machine.ts'
import type { Settings } from '../settings.ts'
import { counting, type IndexingResult, type IndexingTarget, measureIndexing, searchTarget } from './indexing.ts'
import { type Ceiling, measureCeiling } from './indexing-ceiling.ts'
import { inRoom } from './measured-run.ts'
import { takeTurns } from './take-turns.ts'

const ceilings = [
  { connections: 1, ids: false },
  { connections: 2, ids: false },
  { connections: 4, ids: false },
  { connections: 4, ids: true },
]

const leastWarmUps = 4
const mostWarmUps = 10
const warm = 0.9

const hint = 'test/real/servers/opensearch/install.sh installs it, LOGRELAY_OPENSEARCH says where it is'

/** Documents of messages into a real node, and into an upstream that only counts them: a table for each, with what was measured above it. */
export async function indexingSection(settings: Settings): Promise<string> {
  const { all, peers } = findIndexingRelays(settings.relays)
  const [stored, counted] = settings.documents
  const node = await withNode(async (version, target) => {
    await warmUp(target, settings.seconds)
    const table = await compare(all, target, stored, settings)
    return `OpenSearch ${version}, one node with a heap of 512 MiB, one shard; ${whole(stored)} documents a run:\n\n${table}`
  })
  const only = `An upstream that only counts; ${whole(counted)} documents a run:\n\n${await compare(all, counting, counted, settings)}`
  return [...missing(peers), node, only].join('\n\n')
}

async function compare(relays: readonly RelayUnderTest[], target: IndexingTarget, documents: number, settings: Settings): Promise<string> {
  const most: Ceiling[] = []
  for (const { connections, ids } of ceilings) {
    const ceiling = await measureCeiling(target, connections, ids, settings.seconds)
    const { documentsPerSecond, upstreamCpuMicroseconds: cpu } = ceiling
    const what = `autocannon, connections: ${connections}, ids: ${ids ? 'ours' : "the node's"}`
    console.log(`${what}: ${whole(documentsPerSecond)} documents/s, upstream ${cpu.toFixed(2)} µs`)
    most.push(ceiling)
  }
  const measure = (relay: RelayUnderTest) => measureIndexing(relay, target, documents)
  return indexingTable(most, await takeTurns(relays, settings.runs('elasticsearch'), measure, describe))
}

/** Until the node's own compiler has done its work: a document costs it hardly less than the turn before. */
async function warmUp(target: IndexingTarget, seconds: number): Promise<void> {
  let before = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < mostWarmUps; turn++) {
    const { upstreamCpuMicroseconds: now } = await measureCeiling(target, 2, true, seconds)
    if (turn >= leastWarmUps && now > before * warm) return
    before = now
  }
}

async function withNode(measure: (version: string, target: IndexingTarget) => Promise<string>): Promise<string> {
  return await inRoom(async (room) => {
    let node: SearchNode
    try {
      node = await SearchNode.start(room)
    } catch (error) {
      console.error(room.explain(), error)
      return `OpenSearch is not measured, it is not here or does not start: ${hint}.`
    }
    return await measure(node.version, searchTarget(node))
  })
}

function describe({ messagesPerSecond, cpuMicroseconds, upstreamCpuMicroseconds, lost, duplicates, peakMiB }: IndexingResult): string {
  const cpu = `${cpuMicroseconds.toFixed(2)} µs, upstream ${upstreamCpuMicroseconds.toFixed(2)} µs`
  return `${whole(messagesPerSecond)} documents/s, ${cpu}, ${whole(lost)} missing, ${whole(duplicates)} twice, ${whole(peakMiB)} MiB`
}
