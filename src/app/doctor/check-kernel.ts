import { listeningPipelines } from '../../config/listening.ts'
import type { Config } from '../../config/schema.ts'
import { datagramBufferBytes } from '../../planning/sizing-udp.ts'
import { configuredPorts } from '../../planning/unit/configured-ports.ts'
import { bytesInWords, countInWords, someOf } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'

const { ok, warning, problem, unknown } = findingsOf('kernel')

/** What sources/tcp-listener.ts asks for. */
const listenBacklog = 4096
const usualMessageBytes = 300

/** The kernel's settings that cost messages where they are too small, and what it has dropped already. Without a configuration only the latter. */
export async function checkKernel(host: Host, config: Config | undefined): Promise<Finding[]> {
  const settings = config === undefined ? [] : [receiveBuffer(host, config), acceptQueue(host, config), reservedPorts(host, config)]
  const found = await Promise.all([...settings, dropped(host), connectionTracking(host)])
  return found.flat()
}

/** Appended: the file may hold other settings, and of two for the same key the last one counts (sysctl.d(5)). */
export function sysctlCommand(name: string, value: string | number): string {
  return `echo '${name} = ${value}' >> /etc/sysctl.d/60-logrelay.conf && sysctl --system`
}

async function receiveBuffer(host: Host, config: Config): Promise<Finding[]> {
  const subject = 'net.core.rmem_max'
  const udp = listeningPipelines(config).flatMap(([, { source }]) =>
    source.type === 'syslog' && source.transports.includes('udp') ? [source.receive_buffer] : [],
  )
  if (udp.length === 0) return []
  const wanted = Math.max(...udp)
  const granted = await setting(host, subject)
  if (granted === undefined) return [unknown(subject, 'is hidden from this process')]
  if (granted >= wanted)
    return [ok(subject, `${bytesInWords(granted)}: UDP sockets get the ${bytesInWords(wanted)} that receive_buffer asks for`)]
  const datagrams = countInWords(Math.floor(granted / datagramBufferBytes(usualMessageBytes)))
  const says =
    `UDP sockets get ${bytesInWords(granted)} of the ${bytesInWords(wanted)} that receive_buffer asks for: a burst of more than about ` +
    `${datagrams} datagrams while the relay is busy loses messages; counts from the next start on`
  return [warning(subject, says, sysctlCommand(subject, wanted))]
}

async function acceptQueue(host: Host, config: Config): Promise<Finding[]> {
  const subject = 'net.core.somaxconn'
  if (!listeningPipelines(config).some(([, { source }]) => source.transports.some((transport) => transport !== 'udp'))) return []
  const granted = await setting(host, subject)
  if (granted === undefined) return [unknown(subject, 'is hidden from this process')]
  if (granted >= listenBacklog) return [ok(subject, `${countInWords(granted)}: enough for all senders that connect at once`)]
  const says = `of senders that connect at once, as after a failover, ${countInWords(granted)} may wait to be accepted; the others try again after seconds, and some drop messages meanwhile`
  return [warning(subject, says, sysctlCommand(subject, listenBacklog))]
}

/** A port in the range of outgoing connections may be taken by one while the relay restarts. */
async function reservedPorts(host: Host, config: Config): Promise<Finding[]> {
  const [low, high] = (await host.read(path('net.ipv4.ip_local_port_range')))?.trim().split(/\s+/).map(Number) ?? []
  const subject = 'net.ipv4.ip_local_reserved_ports'
  if (low === undefined || high === undefined) return [unknown(subject, 'is hidden from this process')]
  const reserved = ((await host.read(path(subject))) ?? '').trim()
  const taken = portRanges(reserved)
  const own = [...new Set(configuredPorts(config).map(({ port }) => port))].sort((a, b) => a - b)
  const open = own.filter((port) => port >= low && port <= high && !taken.some(([from, to]) => port >= from && port <= to))
  if (open.length === 0) return [ok(subject, `no outgoing connection can take a port of ours (they use ${low} to ${high})`)]
  const which = open.length === 1 ? `port ${open[0]} lies` : `ports ${someOf(open.map(String))} lie`
  const says = `${which} in the range of outgoing connections (${low} to ${high}): one of them may hold a port when the relay restarts, which then cannot start`
  return [warning(subject, says, sysctlCommand(subject, [reserved, ...open].filter((part) => part !== '').join(',')))]
}

/** `8080,9000-9100` */
function portRanges(text: string): (readonly [from: number, to: number])[] {
  return text.split(',').flatMap((part) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    return from === undefined ? [] : [[Number(from), Number(to ?? from)] as const]
  })
}

/** For information: the counters hold all programs, and all that was since the boot. */
async function dropped(host: Host): Promise<Finding[]> {
  const subject = 'UDP drops'
  const [four, six] = await Promise.all([host.read('/proc/net/snmp'), host.read('/proc/net/snmp6')])
  const count = findReceiveBufferErrors(four ?? '', six ?? '')
  if (count === undefined) return [unknown(subject, 'are hidden from this process')]
  if (count === 0) return [ok(subject, 'the kernel has dropped no datagram for want of room since the boot')]
  const says = `since the boot the kernel has dropped ${countInWords(count)} datagrams of this machine's programs for want of room; logrelay status counts the relay's own`
  return [ok(subject, says)]
}

/** Datagrams that met a full receive buffer, IPv4 and IPv6 (RFC 4113's counters as Linux prints them). */
export function findReceiveBufferErrors(snmp: string, snmp6: string): number | undefined {
  const [names, values] = [...snmp.matchAll(/^Udp: (.*)$/gm)].map(([, line]) => (line as string).split(' '))
  const four = values?.[names?.indexOf('RcvbufErrors') ?? -1]
  if (four === undefined) return undefined
  return Number(four) + Number(/^Udp6RcvbufErrors\s+(\d+)/m.exec(snmp6)?.[1] ?? 0)
}

/** A full table drops datagrams and connections without a trace in any program. Nothing is said where connections are not tracked. */
async function connectionTracking(host: Host): Promise<Finding[]> {
  const subject = 'net.netfilter.nf_conntrack_max'
  const [used, most] = await Promise.all([setting(host, 'net.netfilter.nf_conntrack_count'), setting(host, subject)])
  if (used === undefined || most === undefined || most === 0) return []
  const says = `${countInWords(used)} of ${countInWords(most)} tracked connections`
  if (used < 0.8 * most) return [ok(subject, says)]
  const cost = 'once the table is full the firewall drops datagrams and new connections of any sender'
  return [(used < 0.98 * most ? warning : problem)(subject, `${says}: ${cost}`, sysctlCommand(subject, 2 * most))]
}

async function setting(host: Host, name: string): Promise<number | undefined> {
  const value = Number.parseInt((await host.read(path(name))) ?? '', 10)
  return Number.isNaN(value) ? undefined : value
}

function path(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`
}
