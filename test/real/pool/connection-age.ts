import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

export const scenarios = [
  { name: 'pool, max_connection_age: connections come back through the balancer, between two messages', run: growOld },
]

async function growOld(room: Room): Promise<string> {
  const pool = await Pool.open(room, { source: { max_connection_age: '3s' } })
  pool.addStreams('tcp', 6, 200)
  pool.addStreams('tls', 3, 100)
  await pool.addRelps(3, 100)
  await pool.underLoad()
  // A node that was away gets its share without anybody's help.
  const away = pool.relay(1)
  await away.stop()
  await pool.flowing()
  await away.restart()
  await pool.untilServers(away.name, 'UP')
  let left = pool.streams.length
  await until(
    () => `${left} connections to end of old age`,
    () => {
      left = pool.streams.filter(({ connections }) => connections.length < 3).length
      return left === 0
    },
  )
  const before = await received(pool)
  await until(`${away.name} to have a share again`, async () => (await received(pool)) > before)
  const aged = await Promise.all(pool.relays.map(async (relay) => (await relay.pipeline('nginx')).source.aged))
  const { figures } = await reckon(pool)
  return `${figures}; ${aged.reduce((sum, count) => sum + count, 0)} connections ended of age`
}

async function received(pool: Pool): Promise<number> {
  const { ledger } = await pool.relay(1).pipeline('nginx')
  return (ledger.received.tcp ?? 0) + (ledger.received.tls ?? 0)
}
