import { resolve } from 'node:path'
import { deviceType } from './device-types.ts'
import { formatEndpoint } from './formats.ts'
import { checkListening } from './listening-checks.ts'
import { nearest } from './nearest.ts'
import { type ConfigPath, type Report, shown } from './problems.ts'
import type { Config, FileSinkConfig, ServerTlsConfig, SourceConfig, SyslogSinkConfig } from './schema.ts'
import { child } from './schema-walk.ts'
import { formatSize } from './units.ts'

/** What a check depends on besides the configuration. */
export interface Surroundings {
  /** Default: the user who runs this process. */
  readonly uid?: number
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
  checkListening(config, report, surroundings.uid ?? process.getuid?.() ?? 0)
  checkSinkNames(config, report, surroundings.whole)
  checkSharedFiles(config, report)
  for (const [name, sink] of Object.entries(config.sinks)) {
    const path = ['sinks', name]
    if (sink.retry.max < sink.retry.initial) report('error', [...path, 'retry', 'max'], 'must not be less than retry.initial')
    if (sink.type === 'syslog') checkSyslogSink(sink, path, report)
  }
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

function checkTlsPair(tls: Pick<ServerTlsConfig, 'cert_file' | 'key_file'>, path: ConfigPath, report: Report): void {
  if ((tls.cert_file === undefined) === (tls.key_file === undefined)) return
  const [given, missing] = tls.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file']
  report('error', [...path, given], `needs ${missing} beside it`, `add "${missing}:", or remove ${given}`)
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

/** Two writers that rotate one file would take each other's lines away. */
function checkSharedFiles(config: Config, report: Report): void {
  const writers = new Map<string, string>()
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'file' || sink.path === '-') continue
    const pipelines = Object.keys(config.pipelines).filter((pipeline) => config.pipelines[pipeline]?.sinks.includes(name))
    for (const pipeline of pipelines) {
      const file = resolve(config.data_dir, sink.path.replaceAll('{pipeline}', pipeline))
      const other = writers.get(file)
      if (other === undefined) writers.set(file, pipeline)
      else sharedFile(name, sink, [other, pipeline], report)
    }
  }
}

function sharedFile(name: string, sink: FileSinkConfig, [one, two]: readonly [string, string], report: Report): void {
  const pipelines = one === two ? `pipeline ${one} twice` : `pipelines ${one} and ${two}`
  const hint = sink.path.includes('{pipeline}')
    ? 'give each sink a path of its own'
    : 'put {pipeline} into the path, e.g. "logs/{pipeline}.log"'
  report('error', ['sinks', name, 'path'], `the same file is written by ${pipelines}`, hint)
}

function checkSyslogSink(sink: SyslogSinkConfig, path: ConfigPath, report: Report): void {
  checkTlsPair(sink.tls, [...path, 'tls'], report)
  if (!sink.tls.verify) {
    const message = 'the server is not verified: anybody on the way can read and take the logs'
    report('warning', [...path, 'tls', 'verify'], message, 'set ca_file to the authority that signed its certificate, and remove "verify"')
  }
  for (const [index, endpoint] of sink.endpoints.entries()) {
    const at = [...path, 'endpoints', index]
    if (endpoint.scheme === 'udp') {
      report(
        'warning',
        at,
        'UDP acknowledges nothing: what is lost on the way counts as delivered',
        'use tls:// or tcp:// where the receiver can',
      )
    }
    const same = sink.endpoints.findIndex((other) => formatEndpoint(other) === formatEndpoint(endpoint))
    if (same < index) report('error', at, 'the same endpoint twice', 'remove one of them')
  }
}

function checkPipeline(config: Config, name: string, report: Report): void {
  const { source, queue } = config.pipelines[name] as Config['pipelines'][string]
  const path = ['pipelines', name]
  checkProxies(source, [...path, 'source'], report)
  if (source.tls !== undefined) checkTlsPair(source.tls, [...path, 'source', 'tls'], report)
  if (queue.max_size < source.max_message_size) {
    const message = `is smaller than one message may be (max_message_size: ${formatSize(source.max_message_size)})`
    report('warning', [...path, 'queue', 'max_size'], message, 'give the queue more room, 1GiB or so')
  }
  checkCisco(config, name, report)
}

/** Who believes everybody's header lets everybody choose the address that the SIEM sees. */
function checkProxies({ proxy_protocol, trusted_proxies }: SourceConfig, path: ConfigPath, report: Report): void {
  if (proxy_protocol !== 'off' && trusted_proxies === undefined) {
    const hint = 'add "trusted_proxies: [10.0.0.0/24]" with the addresses from which your load balancers connect'
    report('error', [...path, 'proxy_protocol'], 'needs trusted_proxies: PROXY headers are believed from nobody else', hint)
  } else if (proxy_protocol === 'off' && trusted_proxies !== undefined) {
    report(
      'warning',
      [...path, 'trusted_proxies'],
      'has no effect while proxy_protocol is off',
      'write "proxy_protocol: required" beside it',
    )
  }
  const everybody = trusted_proxies?.findIndex((network) => network.endsWith('/0')) ?? -1
  if (everybody >= 0) {
    const hint = 'name the networks of your load balancers alone'
    report('warning', [...path, 'trusted_proxies', everybody], 'anybody can then say which client a message is from', hint)
  }
}

/** Cisco devices with TCP logging refuse new connections through them while their log server refuses theirs, unless told not to. */
function checkCisco(config: Config, name: string, report: Report): void {
  const { source, queue } = config.pipelines[name] as Config['pipelines'][string]
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
