import { parseArgs } from 'node:util'
import { type AdminResult, measureAdmin } from './admin-load.ts'
import { peers, rsyslogVersion } from './peers.ts'
import { type LoadResult, measureRelay } from './relay-load.ts'
import { adminTable, describeLoad, machine, relayTable, writeFigures } from './report.ts'
import type { Load } from './traffic.ts'

/** Runs the benchmarks: see bench/README.md for what they measure and for the options. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    peer: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
if (values.write && (values.only ?? values.peer) !== undefined) throw new Error('--write wants everything: leave out --only and --peer')

const seconds = Number(values.seconds)
const tcp: Load = { protocol: 'tcp', messages: Number(values.messages), rate: 0, connections: 4 }
const udp = [20_000, 50_000, 100_000].map((rate): Load => ({ protocol: 'udp', messages: rate * seconds, rate, connections: 1 }))
const wanted = (part: string) => values.only === undefined || values.only === part
const loads = [...(wanted('tcp') ? [tcp] : []), ...(wanted('udp') ? udp : [])]
const chosen = peers().filter((peer) => values.peer === undefined || peer.name.includes(values.peer))

const results = loads.flatMap((load) => chosen.map((peer) => ({ peer, load, runs: [] as LoadResult[] })))
const admin: AdminResult[][] = []
for (let round = 1; round <= Number(values.rounds); round++) {
  // Relays take turns within a round, so that whatever else the machine does falls on all of them.
  for (const { peer, load, runs } of results) {
    const result = await measureRelay(peer, load)
    runs.push(result)
    say(round, `${peer.name}, ${describeLoad(load)}`, result)
  }
  if (wanted('admin')) admin.push(await measureAdmin(seconds))
}

const relays = results.map(({ peer, load, runs }) => ({ peer: peer.name, load, runs }))
const tables = [...(relays.length > 0 ? [relayTable(relays)] : []), ...(admin.length > 0 ? [adminTable(admin)] : [])]
const figures = [`${machine(rsyslogVersion())}; medians of ${values.rounds} alternating runs, losses of the worst one.`, ...tables].join(
  '\n\n',
)
console.log(`\n${figures}`)
if (values.write) await writeFigures(figures)

function say(round: number, what: string, { messagesPerSecond, cpuMicroseconds, lost }: LoadResult): void {
  console.log(`round ${round}: ${what}: ${Math.round(messagesPerSecond)} messages/s, ${cpuMicroseconds.toFixed(2)} µs, ${lost} lost`)
}
