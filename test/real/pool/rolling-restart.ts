import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { SenderConnection } from '../support/pool-stream-sender.ts'
import type { Room } from '../support/room.ts'

/** Nothing at all may be lost by nodes that go in order, whatever the transport. */
export const scenarios = [
  {
    name: 'pool, rolling restart: each node gets SIGTERM under load and is started again',
    run: (room: Room) => restartEach(room, 'SIGTERM'),
  },
  { name: 'pool, rolling restart with logrelay drain', run: (room: Room) => restartEach(room, 'logrelay drain') },
]

async function restartEach(room: Room, by: 'SIGTERM' | 'logrelay drain'): Promise<string> {
  const pool = await Pool.open(room)
  pool.addStreams('tcp', 6, 200)
  pool.addStreams('tls', 3, 100)
  // A connection for every few messages: at each moment one is on its way to a port that is about to close.
  pool.addStreams('tcp', 4, 200, 4)
  await pool.addRelps(3, 100)
  await pool.underLoad()
  for (const relay of pool.relays) {
    if (by === 'logrelay drain') await relay.drain()
    await pool.flowing()
    await relay.stop()
    await pool.flowing()
    await relay.restart()
    await pool.untilServers(relay.name, 'UP')
  }
  const { figures } = await reckon(pool)
  return `${figures}; ${movedConnections(pool)}`
}

function movedConnections({ streams }: Pool): string {
  const count = (how: SenderConnection['ended']) =>
    streams.flatMap(({ connections }) => connections).filter(({ ended }) => ended === how).length
  return `${count('by the sender')} connections were closed by their senders, ${count('by the peer')} by the nodes, ${count('broken')} broke`
}
