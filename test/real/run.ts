import { scenarios as bucketConformance } from './bucket-conformance.ts'
import { scenarios as elasticsearch } from './elasticsearch/scenarios.ts'
import { scenarios as elasticsearchConformance } from './elasticsearch-conformance.ts'
import { scenarios as haproxy } from './haproxy.ts'
import { scenarios as images } from './images/scenarios.ts'
import { scenarios as lbDelivery } from './lb-delivery.ts'
import { scenarios as lbLoaded } from './lb-loaded.ts'
import { scenarios as logger } from './logger.ts'
import { scenarios as nginx } from './nginx.ts'
import { scenarios as packages } from './packages/scenarios.ts'
import { scenarios as pool } from './pool/scenarios.ts'
import { scenarios as relayKilled } from './relay-killed.ts'
import { scenarios as rsyslogReceiver } from './rsyslog-receiver.ts'
import { scenarios as rsyslogSender } from './rsyslog-sender.ts'
import { scenarios as s3 } from './s3/scenarios.ts'
import { difference } from './support/compare.ts'
import { Room } from './support/room.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { scenarios as systemdUnit } from './systemd/unit.ts'
import { scenarios as upstreamRestarted } from './upstream-restarted.ts'

/**
 * Runs every scenario, one after the other, and prints a line for each. With an argument, only those whose name contains it:
 * `node test/real/run.ts haproxy`.
 */
const all = [
  ...rsyslogSender,
  ...rsyslogReceiver,
  ...logger,
  ...nginx,
  ...haproxy,
  ...relayKilled,
  ...upstreamRestarted,
  ...lbLoaded,
  ...lbDelivery,
  ...pool,
  ...elasticsearchConformance,
  ...elasticsearch,
  ...bucketConformance,
  ...s3,
  ...systemdUnit,
  ...packages,
  ...images,
]
const defaultLimitMs = 120_000

const wanted = process.argv[2]
const chosen = all.filter((scenario) => wanted === undefined || scenario.name.toLowerCase().includes(wanted.toLowerCase()))
let failed = chosen.length === 0 ? 1 : 0
for (const scenario of chosen) {
  if (!(await passes(scenario))) failed++
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function passes(scenario: Scenario): Promise<boolean> {
  const { limitMs = defaultLimitMs } = scenario
  const room = await Room.open()
  let failure: string | undefined
  let result = ''
  try {
    const delivery = await withinLimit(scenario.run(room), limitMs)
    result = typeof delivery === 'string' ? delivery : describe(delivery)
    failure = typeof delivery === 'string' ? undefined : wrongWith(delivery)
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  try {
    await withinLimit(room.close(), defaultLimitMs)
  } catch (error) {
    failure ??= error instanceof Error ? error.message : String(error)
  }
  console.log(`${failure === undefined ? 'ok  ' : 'FAIL'} ${scenario.name}: ${failure ?? result}`)
  if (failure !== undefined) console.log(room.explain())
  return failure === undefined
}

function wrongWith({ sent, arrived }: Delivery): string | undefined {
  return sent.length === 0 ? 'nothing was sent' : difference(sent, arrived)
}

function describe({ sent, arrived, note }: Delivery): string {
  const bytes = sent.reduce((total, message) => total + message.length, 0)
  return `${sent.length} messages (${bytes} bytes) sent, ${arrived.length} arrived, byte for byte: yes${note === undefined ? '' : `; ${note}`}`
}

/** A scenario that hangs is a failure, and the next one still runs. */
async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
