import { resolve } from 'node:path'
import { deviceType } from './device-types.ts'
import { listens } from './listening.ts'
import { checkListening } from './listening-checks.ts'
import { nearest } from './nearest.ts'
import { type Report, shown } from './problems.ts'
import type { Config } from './schema.ts'
import { child } from './schema-walk.ts'
import { checkSinks } from './sink-checks.ts'
import { checkSources } from './source-checks.ts'
import { checkTlsPair } from './tls-pair.ts'
import { formatSize } from './units.ts'

/** What a check depends on besides the configuration. */
export interface Surroundings {
  /** The first port that this process may open without a privilege that it lacks. Default: all, for nobody has looked. */
  readonly firstPort?: number
  /** Set when `config` lacks parts that have mistakes of their own: everything that was written. */
  readonly whole?: unknown
}

const leastFreeDisk = 64 * 2 ** 20

// sun_path holds 108 bytes, the terminating NUL included (unix(7)).
const maxSocketPathBytes = 107

/** Mistakes and warnings that no single value shows. Looks at no file and no socket. */
export function checkConfig(config: Config, report: Report, surroundings: Surroundings = {}): void {
  checkDataDir(config, report)
  checkFreeDisk(config, report)
  checkTlsPair(config.tls, ['tls'], report)
  checkListening(config, report, surroundings.firstPort ?? 0)
  checkSinkNames(config, report, surroundings.whole)
  checkSinks(config, report)
  checkSources(config, report)
  for (const name of Object.keys(config.pipelines)) checkPipeline(config, name, report)
}

function checkDataDir({ data_dir }: Config, report: Report): void {
  const bytes = Buffer.byteLength(resolve(data_dir, 'control.sock'))
  if (bytes <= maxSocketPathBytes) return
  report(
    'error',
    ['data_dir'],
    `is too long: with /control.sock it has ${bytes} bytes, a socket's path may have ${maxSocketPathBytes}`,
    'choose a shorter path',
  )
}

/** On a disk without a byte left LevelDB cannot even open a queue to deliver from it. */
function checkFreeDisk({ min_free_disk }: Config, report: Report): void {
  if (min_free_disk >= leastFreeDisk) return
  const message = `is little: a queue needs some ${formatSize(leastFreeDisk)} of free disk to be opened and compacted`
  report('warning', ['min_free_disk'], message, `write "min_free_disk: ${formatSize(leastFreeDisk)}" or more`)
}

function checkSinkNames(config: Config, report: Report, whole: unknown): void {
  const written = child(whole, 'sinks')
  const known = Object.keys(typeof written === 'object' && written !== null ? written : config.sinks)
  const used = new Set<string>()
  for (const [name, { sinks }] of Object.entries(config.pipelines)) {
    for (const [index, sink] of sinks.entries()) {
      const path = ['pipelines', name, 'sinks', index]
      if (sinks.indexOf(sink) < index) report('error', path, `names ${shown(sink)} twice`, 'remove one of them')
      used.add(sink)
      if (known.includes(sink)) continue
      const near = nearest(sink, known)
      const list = known.length === 0 ? 'no sink is defined' : `defined are: ${known.join(', ')}`
      report('error', path, `there is no sink ${shown(sink)}`, near === undefined ? list : `write "${near}"`)
    }
  }
  // A pipeline that could not be understood may well use it.
  if (whole !== undefined) return
  for (const sink of known) {
    if (!used.has(sink))
      report('warning', ['sinks', sink], 'no pipeline uses this sink', `add "${sink}" to the sinks of a pipeline, or remove it`)
  }
}

function checkPipeline(config: Config, name: string, report: Report): void {
  const { source, queue } = config.pipelines[name] as Config['pipelines'][string]
  const path = ['pipelines', name]
  if (queue.max_size < source.max_message_size) {
    const message = `is smaller than one message may be (max_message_size: ${formatSize(source.max_message_size)})`
    report('warning', [...path, 'queue', 'max_size'], message, 'give the queue more room, 1GiB or so')
  }
  checkCisco(config, name, report)
}

/** Cisco devices with TCP logging refuse new connections through them while their log server refuses theirs, unless told not to. */
function checkCisco(config: Config, name: string, report: Report): void {
  const { source, queue } = config.pipelines[name] as Config['pipelines'][string]
  if (!listens(source)) return
  const connected = source.transports.filter((transport) => transport !== 'udp')
  if (deviceType(source.device)?.stopsWhenRefused !== true || connected.length === 0 || queue.when_full !== 'block') return
  const own = source.device === 'cisco-asa' ? ', or "logging permit-hostdown" on the device' : ''
  report(
    'warning',
    ['pipelines', name, 'queue', 'when_full'],
    `${source.device} over ${connected.join(' and ')} may stop passing traffic when its log server refuses connections, as "block" does when the queue is full`,
    `set "when_full: drop_oldest" or "drop_newest", or "transports: [udp]"${own}`,
  )
}
