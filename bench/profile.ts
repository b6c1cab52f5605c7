import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Room } from '../test/real/support/room.ts'
import { type Load, Upstream, unlimited } from './load/traffic.ts'
import { type CpuProfile, readCpuProfile } from './profiling/cpu-profile.ts'
import { parsePerfScript, perfFields } from './profiling/perf-script.ts'
import { profileTables } from './profiling/profile-table.ts'
import type { Sample } from './profiling/sample.ts'
import { assisted, durable, indexing } from './relays/logrelay.ts'
import type { RelayUnderTest, RunningRelay } from './relays/relay-under-test.ts'
import { whole } from './report/format.ts'
import { inRoom, type LoadResult, measureLoad, nextFirst, warmUpSeconds } from './scenarios/measured-run.ts'

interface ProfileSettings {
  readonly load: Load
  readonly relay: RelayUnderTest
  /** What takes what the relay delivers. */
  readonly upstream: 'upstream.ts' | 'bulk-upstream.ts'
  readonly withPerf: boolean
}

/** Prints what each step of the relay's way from socket to socket costs: see bench/README.md. */
export async function profile(args: string[]): Promise<void> {
  const { load, relay: chosen, upstream: file, withPerf } = readSettings(args)
  if (!withPerf)
    console.log('without perf (Debian: linux-perf) only JavaScript threads are seen, not the kernel, compression and LevelDB\n')
  await inRoom(async (room) => {
    const upstream = await Upstream.open(room, file)
    const mapsBefore = await maps()
    // The relay inherits this, the sender does not.
    process.env.NODE_OPTIONS = withPerf ? '--perf-basic-prof' : `--cpu-prof --cpu-prof-dir=${room.path('profiles')}`
    const relay = await chosen.start(room, {
      upstreamPort: upstream.port,
      format: 'raw',
      tls: load.protocol === 'tls',
    })
    process.env.NODE_OPTIONS = ''
    room.closing(() => removeMaps(mapsBefore, relay.pid))
    const warm = await measureLoad(room, relay, upstream, { ...load, seconds: warmUpSeconds })
    const measure = () => measureLoad(room, relay, upstream, { ...load, first: nextFirst(warm.sent) })
    const { result, samples } = await (withPerf ? recordWithPerf(room, relay, measure) : recordWithNode(room, relay, measure))
    // What Node.js records is microseconds, of the warm-up too; what perf records is shares of the processor time.
    const recorded = samples.reduce((sum, { weight }) => sum + weight, 0) / (warm.sent + result.sent)
    console.log(profileTables(samples, withPerf ? result.cpuMicroseconds : recorded))
    const { messagesPerSecond, cpuMicroseconds, lost } = result
    console.log(`\n${whole(messagesPerSecond)} messages/s while profiled, ${cpuMicroseconds.toFixed(2)} µs CPU a message, ${lost} lost`)
  })
}

/** Node.js writes the names of its functions where perf looks for them (man perf-report), for each process, and leaves them there. */
async function maps(): Promise<string[]> {
  return (await readdir('/tmp')).filter((name) => /^perf-\d+\.map$/.test(name))
}

/** Those of the relay and of what its start script ran, which has ended. */
async function removeMaps(before: readonly string[], relayPid: number): Promise<void> {
  const added = (await maps()).filter((name) => !before.includes(name))
  const ours = added.filter((name) => name === `perf-${relayPid}.map` || !existsSync(`/proc/${/\d+/.exec(name)?.[0]}`))
  await Promise.all(ours.map((name) => rm(`/tmp/${name}`, { force: true })))
}

function readSettings(args: string[]): ProfileSettings {
  const { values } = parseArgs({
    args,
    options: {
      protocol: { type: 'string', default: 'tcp' },
      rate: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '5' },
      assisted: { type: 'boolean', default: false },
      sink: { type: 'string', default: 'syslog' },
      'cpu-prof': { type: 'boolean', default: false },
    },
  })
  const protocol = (['tcp', 'tls', 'udp'] as const).find((name) => name === values.protocol)
  if (protocol === undefined) throw new Error(`--protocol ${values.protocol}: there is tcp, tls, udp`)
  const load: Load = { protocol, first: 0, messages: unlimited, seconds: Number(values.seconds), rate: Number(values.rate), connections: 4 }
  if (values.sink !== 'syslog' && values.sink !== 'elasticsearch') throw new Error(`--sink ${values.sink}: there is syslog, elasticsearch`)
  const documents = values.sink === 'elasticsearch'
  const relay = documents ? indexing : values.assisted ? assisted : durable
  const withPerf = !values['cpu-prof'] && spawnSync('perf', ['stat', 'true']).status === 0
  return { load, relay, upstream: documents ? 'bulk-upstream.ts' : 'upstream.ts', withPerf }
}

async function recordWithPerf(
  room: Room,
  relay: RunningRelay,
  measure: () => Promise<LoadResult>,
): Promise<{ result: LoadResult; samples: Sample[] }> {
  const data = room.path('perf.data')
  const perf = spawn('perf', ['record', '-q', '-F', '999', '-g', '-o', data, '-p', String(relay.pid)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(perf, 'exit')
  const result = await measure()
  perf.kill('SIGINT')
  await ended
  const script = spawnSync('perf', ['script', '-i', data, '-F', perfFields], { encoding: 'utf8', maxBuffer: 2 ** 30 })
  const samples = parsePerfScript(script.stdout)
  if (samples.length === 0) throw new Error(`perf recorded nothing: ${script.stderr}`)
  return { result, samples }
}

async function recordWithNode(
  room: Room,
  relay: RunningRelay,
  measure: () => Promise<LoadResult>,
): Promise<{ result: LoadResult; samples: Sample[] }> {
  const result = await measure()
  await relay.stop?.()
  // CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile; the start script ran a Node.js too.
  const files = (await readdir(room.path('profiles'))).filter((file) => file.split('.')[3] === String(relay.pid))
  const samples = await Promise.all(
    files.map(async (file) => {
      const thread = file.split('.')[4] === '0' ? 'MainThread' : 'worker thread'
      return readCpuProfile(JSON.parse(await readFile(room.path(`profiles/${file}`), 'utf8')) as CpuProfile, thread)
    }),
  )
  return { result, samples: samples.flat() }
}
