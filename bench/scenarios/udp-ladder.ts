import { type Load, Upstream, unlimited } from '../load/traffic.ts'
import type { RelayUnderTest } from '../relays/relay-under-test.ts'
import { inRoom, type LoadResult, measureLoad, nextFirst } from './measured-run.ts'

export interface UdpStep extends LoadResult {
  readonly rate: number
}

/** A sender that falls short of a rate by more than this says nothing about the relay at that rate. */
const reached = 0.95

/** Datagrams at rising rates into one socket, until the relay loses some or the sender is the limit; the last step is then the one that lost. */
export async function climb(relay: RelayUnderTest, rates: readonly number[], secondsEach: number): Promise<UdpStep[]> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const running = await relay.start(room, { upstreamPort: upstream.port, format: 'rfc5424' })
    const steps: UdpStep[] = []
    let first = 0
    for (const rate of rates) {
      const load: Load = { protocol: 'udp', first, messages: unlimited, seconds: secondsEach, rate, connections: 1 }
      const result = await measureLoad(room, running, upstream, load)
      if (result.lost === 0 && result.sentPerSecond < rate * reached) break
      steps.push({ rate, ...result })
      if (result.lost > 0) break
      first = nextFirst(first + result.sent)
    }
    return steps
  })
}
