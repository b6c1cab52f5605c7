import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'

export const scenarios = [{ name: 'pool: a node whose queue is full is drained, and its upstream reads again meanwhile', run: drainFull }]

/**
 * What a full node does not read stands in the buffers between it and its senders, who take it for sent. A drain has room
 * for it as soon as the upstream takes what is queued.
 */
async function drainFull(room: Room): Promise<string> {
  const pool = await Pool.open(room, { queue: { max_size: '512KiB' } })
  pool.addStreams('tcp', 6, 200)
  pool.addStreams('tls', 3, 200)
  await pool.addRelps(3, 100)
  await pool.underLoad()
  const full = pool.relay(3)
  pool.lane(3).hang()
  await pool.haproxy.untilServer('nginx', full.name, 'DOWN', 40_000)
  const { messages } = (await full.pipeline('nginx')).queue
  const drained = full.drain()
  await full.untilLogged('senders asked to leave')
  pool.lane(3).goOn()
  await drained
  await pool.flowing()
  await full.stop()
  await full.restart()
  await pool.untilServers(full.name, 'UP')
  const { figures } = await reckon(pool)
  return `${figures}; ${full.name} was full with ${messages} messages`
}
