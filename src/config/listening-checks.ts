import ipaddr from 'ipaddr.js'
import { effectivePort } from './effective-port.ts'
import { formatHostPort } from './formats.ts'
import { listeningPipelines } from './listening.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config } from './schema.ts'

/** One address that something of the relay will listen on. */
interface Listener {
  readonly who: string
  readonly path: ConfigPath
  readonly host: string
  readonly port: number
  readonly protocols: readonly ('udp' | 'tcp')[]
}

/** Ports wanted twice, ports below the first that may be opened, and the unauthenticated admin endpoint open to the network. */
export function checkListening(config: Config, report: Report, firstPort: number): void {
  const listeners = listenersOf(config)
  for (const [index, listener] of listeners.entries()) {
    const other = listeners.slice(0, index).find((earlier) => clash(earlier, listener))
    if (other !== undefined) reportClash(listener, other, report)
    if (listener.port > 0 && listener.port < firstPort) {
      const hint = '`logrelay unit --write` gives it to the service (CAP_NET_BIND_SERVICE), or choose a port from 1024 up'
      report('warning', listener.path, `port ${listener.port} needs a privilege that this process does not have`, hint)
    }
  }
  if (!isLoopback(config.admin.listen.host)) {
    const hint = 'listen on 127.0.0.1; for load balancers set "health: { listen: ... }", which shows no more than they need'
    report('warning', ['admin', 'listen'], 'whoever reaches this address can read status and metrics: it is not authenticated', hint)
  }
}

function listenersOf(config: Config): Listener[] {
  const listeners: Listener[] = [{ who: 'admin', path: ['admin', 'listen'], protocols: ['tcp'], ...config.admin.listen }]
  if (config.health !== undefined)
    listeners.push({ who: 'health', path: ['health', 'listen'], protocols: ['tcp'], ...config.health.listen })
  for (const [name, { source }] of listeningPipelines(config)) {
    const protocols = [...new Set(source.transports.map((transport) => (transport === 'udp' ? 'udp' : 'tcp')))]
    const path = ['pipelines', name, 'source', 'port']
    listeners.push({ who: `pipeline ${name}`, path, host: source.host, port: effectivePort(source), protocols })
  }
  return listeners
}

function reportClash(listener: Listener, other: Listener, report: Report): void {
  const where = formatHostPort(other)
  const hint = listener.path.at(-1) === 'port' ? 'set "port:" to a free one' : 'choose another port'
  report('error', listener.path, `${formatHostPort(listener)} is taken: ${other.who} listens on ${where}`, hint)
}

function clash(a: Listener, b: Listener): boolean {
  if (a.port !== b.port || a.port === 0) return false
  return a.protocols.some((protocol) => b.protocols.includes(protocol)) && addressesMeet(addressOf(a.host), addressOf(b.host))
}

function addressOf(host: string): string {
  return ipaddr.isValid(host) ? ipaddr.process(host).toString() : host.toLowerCase()
}

function addressesMeet(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true
  if (a === '0.0.0.0' || b === '0.0.0.0') return !(ipaddr.IPv6.isValid(a) || ipaddr.IPv6.isValid(b))
  return (a === 'localhost' && isLoopback(b)) || (b === 'localhost' && isLoopback(a))
}

/** Reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
}
