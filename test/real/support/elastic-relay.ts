import type { ConfigInput } from '../../../src/config/schema.ts'
import type { SinkLedger } from '../../../src/core/ledger.ts'
import type { SinkStatus } from '../../../src/core/status.ts'
import { checkLedger } from './check-ledger.ts'
import type { OpenSearch } from './opensearch.ts'
import type { Relay } from './relay.ts'
import { until } from './until.ts'

type Sink = Extract<ConfigInput['sinks'][string], { type: 'elasticsearch' }>

/** A sink to these nodes, whose back-off is short enough for a test. */
export function elasticsearchSink(nodes: readonly OpenSearch[], options: Partial<Sink> = {}): Sink {
  return {
    type: 'elasticsearch',
    endpoints: nodes.map(({ url }) => url),
    retry: { initial: '200ms', max: '2s' },
    ...options,
  }
}

/** What /status says of the relay's one sink, at one moment. */
export interface SinkView extends SinkLedger {
  readonly sink: SinkStatus
}

/** The ledger is checked with each look. */
export async function viewSink(relay: Relay): Promise<SinkView> {
  const { ledger, sinks } = await relay.status()
  checkLedger(ledger)
  const [counts, sink] = [ledger.sinks.upstream, sinks.upstream]
  if (counts === undefined || sink === undefined) throw new Error('/status says nothing of the sink')
  return { ...counts, sink }
}

/** Waits until what /status says of the sink is so, and returns it. */
export async function untilSink(relay: Relay, what: string, condition: (view: SinkView) => boolean, timeoutMs = 60_000): Promise<SinkView> {
  let last: SinkView | undefined
  return await until(
    () => `${what}; /status says ${JSON.stringify(last)}`,
    async () => {
      last = await viewSink(relay)
      return condition(last) && last
    },
    timeoutMs,
  )
}
