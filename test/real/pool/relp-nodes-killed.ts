import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

export const scenarios = [{ name: 'pool, RELP from rsyslog: each node is killed with kill -9 while it holds messages', run: killEach }]

/** So many of each sender before a kill: it comes while they send as fast as they can. */
const burst = 10_000
const heldAtKill = 1000

/** What a node has acknowledged comes from its disk, what it has not from rsyslog: nothing is lost, some comes twice. */
async function killEach(room: Room): Promise<string> {
  const pool = await Pool.open(room)
  await pool.addRelps(3, 100)
  await pool.underLoad()
  const onDisk: number[] = []
  for (const [i, relay] of pool.relays.entries()) {
    const lane = pool.upstream.lanes[i]
    lane?.hang()
    const fed = Promise.all(pool.relps.map((sender) => sender.feed(burst)))
    await until(`${relay.name} to hold messages`, async () => (await relay.pipeline('relp')).queue.messages > heldAtKill)
    await relay.kill()
    await fed
    await relay.restart()
    onDisk.push((await relay.pipeline('relp')).queue.messages)
    lane?.goOn()
    await pool.untilServers(relay.name, 'UP')
  }
  const { figures } = await reckon(pool)
  return `${figures}; on disk after each kill: ${onDisk.join(', ')}`
}
