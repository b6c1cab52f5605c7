import { setTimeout as sleep } from 'node:timers/promises'
import { demandCommand } from '../../test/real/support/elastic-command.ts'
import { OpenSearch } from '../../test/real/support/opensearch.ts'
import { Relay } from '../../test/real/support/relay.ts'
import type { Room } from '../../test/real/support/room.ts'
import { searchSink } from '../relays/logrelay.ts'
import { searchIndex } from '../relays/relay-under-test.ts'
import type { CountingUpstream } from './traffic.ts'
import type { UpstreamCounts } from './upstream.ts'

// Often enough for loads of many seconds, and seldom enough to be no load itself.
const pollMs = 50
const indexed = '_all.primaries.indexing.index_total'

interface Stats {
  readonly _all: { readonly primaries: { readonly indexing: { readonly index_total: number } } }
}

interface NodeStats {
  readonly nodes: Readonly<Record<string, { readonly process: { readonly cpu: { readonly total_in_millis: number } } }>>
}

/** A real OpenSearch of one node, with the index template that the relay's own command installs. */
export class SearchNode implements CountingUpstream {
  readonly port: number
  readonly version: string
  readonly #node: OpenSearch

  private constructor(node: OpenSearch, version: string) {
    this.port = node.port
    this.version = version
    this.#node = node
  }

  static async start(room: Room): Promise<SearchNode> {
    const [node] = (await OpenSearch.cluster(room, 1, { java: ['-XX:TieredStopAtLevel=4'] })) as [OpenSearch]
    const { version } = await node.demand<{ version: { number: string } }>('GET', '/')
    const relay = await Relay.configured(room, { sink: searchSink(node.port, 'gzip') })
    await demandCommand(relay, 'elasticsearch', 'setup', '--replicas', '0')
    return new SearchNode(node, version.number)
  }

  /** An empty index in place of the last one. */
  async clear(): Promise<void> {
    await this.#node.request('DELETE', `/${searchIndex}`)
    await this.#node.demand('PUT', `/${searchIndex}`)
    await this.#node.health('wait_for_status=green')
  }

  /** What was written, by the node's own books, whether it can be found yet or not. */
  async counts(): Promise<UpstreamCounts> {
    const { _all } = await this.#node.demand<Stats>('GET', `/${searchIndex}/_stats/indexing?filter_path=${indexed}`)
    return countsOf(_all.primaries.indexing.index_total)
  }

  /** The time is that at which the last document was seen, the count that of the documents that can be found. */
  async finished(expected: number, quietMs: number): Promise<UpstreamCounts> {
    let last = await this.counts()
    for (let changedAt = performance.now(); last.arrived < expected && performance.now() - changedAt < quietMs; ) {
      await sleep(pollMs)
      const now = await this.counts()
      if (now.arrived === last.arrived) continue
      last = now
      changedAt = performance.now()
    }
    return { ...countsOf(await this.#node.count(searchIndex)), lastAt: last.lastAt }
  }

  /** Processor time of the node so far. */
  async cpuSeconds(): Promise<number> {
    const { nodes } = await this.#node.demand<NodeStats>('GET', '/_nodes/stats/process')
    return Object.values(nodes).reduce((sum, { process }) => sum + process.cpu.total_in_millis, 0) / 1000
  }
}

/** Documents have no number that a node would look at: one that is there twice is one more than was sent. */
function countsOf(documents: number): UpstreamCounts {
  return { arrived: documents, distinct: documents, malformed: 0, lastAt: String(process.hrtime.bigint()) }
}
