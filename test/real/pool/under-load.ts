import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'

export const scenarios = [
  {
    name: 'pool, under load: one node killed with kill -9 and started again, another drained, the queue of the third filled',
    run: everything,
  },
]

/**
 * RELP loses nothing. Over TCP and TLS a message may be lost that its sender's kernel had taken and the killed node had not
 * stored: what was in the buffers between, HAProxy's among them.
 */
async function everything(room: Room): Promise<string> {
  const pool = await Pool.open(room, { queue: { max_size: '1MiB' } })
  pool.addStreams('tcp', 9, 200)
  pool.addStreams('tls', 3, 100)
  await pool.addRelps(3, 100)
  await pool.underLoad()

  const killed = pool.relay(1)
  const connectionOf = new Map(pool.streams.map((sender) => [sender, sender.connections.length - 1]))
  await killed.kill()
  await pool.flowing()
  await killed.restart()
  await pool.untilServers(killed.name, 'UP')

  const drained = pool.relay(2)
  await drained.stop()
  await pool.flowing()
  await drained.restart()
  await pool.untilServers(drained.name, 'UP')

  const filled = pool.relay(3)
  pool.lane(3).hang()
  await pool.haproxy.untilServer('nginx', filled.name, 'DOWN', 40_000)
  const { queue } = await filled.pipeline('nginx')
  pool.lane(3).goOn()
  await pool.untilServers(filled.name, 'UP')

  // Only on the connections that the senders had at that moment, and there only what came last.
  const { figures } = await reckon(pool, (loss) => loss.atTheEnd && loss.connection === connectionOf.get(loss.sender))
  return `${figures}; ${filled.name} was full with ${queue.messages} messages`
}
