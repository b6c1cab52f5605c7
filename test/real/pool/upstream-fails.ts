import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

export const scenarios = [{ name: 'pool, under load: the upstream is killed, hangs, and is killed while it hangs', run: fails }]

/** Nothing is lost over any transport: what the upstream had not read when it died is sent again. */
async function fails(room: Room): Promise<string> {
  const pool = await Pool.open(room)
  pool.addStreams('tcp', 6, 200)
  pool.addStreams('tls', 3, 100)
  await pool.addRelps(3, 100)
  await pool.underLoad()
  const { lanes } = pool.upstream

  for (const lane of lanes) await lane.kill()
  await untilEveryRelay(pool, 'backs off', ({ state }) => state === 'backing_off')
  for (const lane of lanes) await lane.reopen()
  await pool.flowing()

  for (const lane of lanes) lane.hang()
  await untilEveryRelay(pool, 'holds messages that are not read', ({ unsettled }) => unsettled > 1000)
  for (const lane of lanes) lane.goOn()
  await pool.flowing()

  for (const lane of lanes) lane.hang()
  await untilEveryRelay(pool, 'holds messages that are not read', ({ unsettled }) => unsettled > 1000)
  for (const lane of lanes) await lane.kill()
  for (const lane of lanes) await lane.reopen()
  await pool.flowing()

  const { figures } = await reckon(pool)
  return figures
}

type Sink = Awaited<ReturnType<Pool['relays'][number]['pipeline']>>['sinks'][string]

async function untilEveryRelay({ relays }: Pool, what: string, is: (sink: Sink) => boolean): Promise<void> {
  for (const relay of relays) {
    await until(`the sink of ${relay.name} that ${what}`, async () => {
      const { upstream } = (await relay.pipeline('nginx')).sinks
      return upstream !== undefined && is(upstream)
    })
  }
}
