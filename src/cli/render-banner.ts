import { isIPv4 } from 'node:net'
import { isAbsolute, relative } from 'node:path'
import type { StartReport } from '../app/start-report.ts'
import { formatHostPort } from '../config/formats.ts'
import type { Listening } from '../core/source.ts'
import { renderCount } from './render-values.ts'

/** What is open, where messages go, and what to try next. `cwd` shortens the paths of files below it. */
export function renderBanner(report: StartReport, cwd: string): string {
  const using = report.builtin ? 'the built-in configuration' : report.configFile
  const lines = [`logrelay is running with ${using}, data in ${shortPath(report.dataDir, cwd)}`]
  for (const pipeline of report.pipelines) {
    lines.push(`  ${pipeline.name} (${pipeline.device})`)
    lines.push(...openPorts(pipeline.listening).map((open) => `    listens on ${open}`))
    if (pipeline.from !== undefined) lines.push(`    reads ${pipeline.from}`)
    lines.push(...pipeline.sinks.map((sink) => `    writes to ${sink.name}: ${destination(sink, cwd)}`))
    if (pipeline.queued > 0) lines.push(`    ${renderCount(pipeline.queued)} messages from before are waiting`)
  }
  const admin = report.admin.includes('://') ? report.admin : `http://${report.admin}`
  lines.push(`  admin: ${admin.replace(/\/$/, '')} (/livez /readyz /metrics /status)`)
  const tries = commandsToTry(report, cwd)
  if (tries.length > 0) lines.push('', 'Try:', ...tries.map((command) => `  ${command}`))
  if (report.warnings.length > 0) lines.push('', ...report.warnings.map((warning) => `warning: ${warning}`))
  return `${lines.join('\n')}\n`
}

/** `port 10435 UDP TCP TLS (127.0.0.1, ::1)`: addresses with the same port and transports share a line. */
function openPorts(listening: readonly Listening[]): string[] {
  const transports = new Map<string, { address: string; port: number; names: Set<string> }>()
  for (const { address, port, transports: names } of listening) {
    const key = formatHostPort({ host: address, port })
    const entry = transports.get(key) ?? { address, port, names: new Set<string>() }
    for (const name of names) entry.names.add(name)
    transports.set(key, entry)
  }
  const addresses = new Map<string, string[]>()
  for (const { address, port, names } of transports.values()) {
    const spoken = ['udp', 'tcp', 'tls'].filter((name) => names.has(name)).map((name) => name.toUpperCase())
    const key = `port ${port} ${spoken.join(' ')}`
    addresses.set(key, [...(addresses.get(key) ?? []), address])
  }
  return [...addresses].map(([open, at]) => `${open} (${at.join(', ')})`)
}

function destination({ type, destination }: { type: string; destination: string }, cwd: string): string {
  if (type !== 'file') return destination
  return destination === '-' ? 'standard output' : shortPath(destination, cwd)
}

/** For the first pipeline: its TCP port, its UDP port, and the file where the message turns up. */
function commandsToTry({ pipelines }: StartReport, cwd: string): string[] {
  const first = pipelines[0]
  if (first === undefined) return []
  const commands: string[] = []
  for (const transport of ['tcp', 'udp'] as const) {
    const open = reachable(first.listening.filter(({ transports }) => transports.includes(transport)))
    if (open !== undefined) commands.push(`logger --server ${open.address} --port ${open.port} --${transport} --rfc5424 "hello"`)
  }
  const file = first.sinks.find(({ type, destination }) => type === 'file' && destination !== '-')
  if (file !== undefined) commands.push(`tail -f ${quoted(shortPath(file.destination, cwd))}`)
  return commands
}

/** An address to send to from this machine, IPv4 where there is one. */
function reachable(listening: readonly Listening[]): { address: string; port: number } | undefined {
  const open = listening.find(({ address }) => isIPv4(address)) ?? listening[0]
  if (open === undefined) return undefined
  return { address: open.address === '0.0.0.0' || open.address === '::' ? '127.0.0.1' : open.address, port: open.port }
}

function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
