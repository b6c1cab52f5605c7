import type { HealthCheck } from '../support/pool-haproxy.ts'
import { reckon } from '../support/pool-reckoning.ts'
import type { PoolRelay } from '../support/pool-relay.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

export const scenarios = [
  ...(['port', 'tls', 'port and readyz'] as const).map((check) => ({
    name: `pool, health check (${check}): HAProxy turns the node of a full pipeline down, and up again when it has room`,
    run: (room: Room) => turnDownAndUp(room, check),
  })),
  { name: 'pool, RELP from rsyslog: senders leave a node whose pipeline is full, which goes down and up again', run: moveRelp },
]

/** Only the pipeline that is full: the node's other port stays up. Nothing may be lost, and nothing said about the checks. */
async function turnDownAndUp(room: Room, check: HealthCheck): Promise<string> {
  const pool = await Pool.open(room, { check, queue: { max_size: '512KiB' } })
  pool.addStreams('tcp', 9, 200)
  await pool.underLoad()
  const full = pool.relay(3)
  pool.lane(3).hang()
  await pool.haproxy.untilServer('nginx', full.name, 'DOWN', 40_000)
  const { status: other } = await pool.haproxy.server('relp', full.name)
  if (other !== 'UP') throw new Error(`the node's other pipeline is ${other}`)
  // Who comes now is served by the others.
  const newcomers = pool.addStreams('tcp', 4, 100)
  for (const sender of newcomers) sender.start()
  await pool.flowing(newcomers)
  const strayed = newcomers.filter(({ options }) => pool.upstream.arrivals.of(options.name).distinctOver(2) > 0)
  if (strayed.length > 0) throw new Error(`${strayed.length} new connections went to the full node`)
  pool.lane(3).goOn()
  await pool.haproxy.untilServer('nginx', full.name, 'UP')
  await pool.flowing()
  const checks = await moreHealthChecks(pool)
  for (const relay of pool.relays) await expectQuiet(relay)
  const { figures } = await reckon(pool)
  return `${figures}; ${checks} health checks counted`
}

/** RELP needs nobody's buffers: a full node hangs up, and what it has not acknowledged goes to the others. */
async function moveRelp(room: Room): Promise<string> {
  const pool = await Pool.open(room, { queue: { max_size: '512KiB' } })
  await pool.addRelps(3, 700)
  await pool.underLoad()
  const full = pool.relay(3)
  pool.lane(3).hang()
  await pool.haproxy.untilServer('relp', full.name, 'DOWN', 40_000)
  await pool.flowing()
  pool.lane(3).goOn()
  await pool.haproxy.untilServer('relp', full.name, 'UP')
  for (const relay of pool.relays) await expectQuiet(relay)
  const { figures } = await reckon(pool)
  return figures
}

/** Waits until every port has counted some more; returns how many there were in all. */
async function moreHealthChecks({ relays }: Pool): Promise<number> {
  const count = async () =>
    (await Promise.all(relays.flatMap((relay) => (['nginx', 'relp'] as const).map((name) => relay.pipeline(name))))).map(
      ({ source }) => source.healthChecks,
    )
  const before = await count()
  let after = before
  await until(
    () => `more health checks than ${before}; there are ${after}`,
    async () => {
      after = await count()
      return after.every((checks, i) => checks > (before[i] ?? 0))
    },
  )
  return after.reduce((sum, checks) => sum + checks, 0)
}

/** What a full queue has to say is all that is said above `info`. */
async function expectQuiet(relay: PoolRelay): Promise<void> {
  const expected = /^(not taking messages: the queue has reached its limit|the queue is \d+ % full)/
  const loud = (await relay.log()).filter(({ level, msg }) => ['warn', 'error'].includes(level) && !expected.test(msg))
  if (loud.length > 0) throw new Error(`${relay.name} logged: ${loud.map(({ msg }) => msg).join('; ')}`)
}
