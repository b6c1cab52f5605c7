import type { BalancedPipeline, Balancer } from './balancer.ts'
import { headNotes, readyzNote, title } from './notes.ts'
import { failed, type LbProblem, type LbResult, succeeded } from './result.ts'

/** A Network Load Balancer's target group, with the listener in front of it, for one pipeline. */
export interface AwsGroup {
  readonly pipeline: BalancedPipeline
  /** Up to 32 letters, digits and hyphens; unique by its port. */
  readonly name: string
  readonly protocol: 'TCP' | 'UDP' | 'TCP_UDP'
  readonly addressType: 'ipv4' | 'ipv6'
  readonly proxyProtocolV2: boolean
  /** Undefined where AWS leaves no choice: with UDP it is always preserved. */
  readonly preserveClientIp: boolean | undefined
  /** Whether what is still open is ended with the deregistration delay. */
  readonly connectionTermination: boolean
  readonly health: { readonly protocol: 'TCP' } | { readonly protocol: 'HTTP'; readonly port: number; readonly path: string }
  readonly notes: readonly string[]
}

export interface AwsPlan {
  readonly groups: readonly AwsGroup[]
  readonly deregistrationDelaySeconds: number
  /** IPv6 targets need a dual-stack balancer, and with UDP source NAT from a prefix. */
  readonly ipv6: boolean
  readonly ipv6Udp: boolean
  readonly notes: readonly string[]
}

/** The shortest interval that AWS allows: two checks that fail make 10 s. */
export const healthCheck = { intervalSeconds: 5, timeoutSeconds: 3, healthyThreshold: 2, unhealthyThreshold: 2 } as const

/** How long connections to a TCP target that fails its checks stay open: as long as an idle one does elsewhere. */
export const unhealthyDrainingSeconds = 3600

const longestName = 32
/** Of one Network Load Balancer, unless AWS grants more. */
const listenerQuota = 50

export function planAws(balancer: Balancer, target: string): LbResult<AwsPlan> {
  const problems = wrongForAws(balancer)
  if (problems.length > 0) return failed(...problems)
  const groups = balancer.pipelines.map((pipeline) => groupOf(balancer, pipeline))
  const ipv6 = groups.filter(({ addressType }) => addressType === 'ipv6')
  return succeeded({
    groups,
    deregistrationDelaySeconds: deregistrationDelay(balancer),
    ipv6: ipv6.length > 0,
    ipv6Udp: ipv6.some(({ protocol }) => protocol !== 'TCP'),
    notes: ['A Network Load Balancer in front of the relays.', ...headNotes(balancer, target), ...notesOf(balancer)],
  })
}

function wrongForAws({ name: prefix, pipelines, pools, healthPort }: Balancer): LbProblem[] {
  const problems: LbProblem[] = []
  if (/^internal-/i.test(prefix))
    problems.push({ message: 'AWS keeps names that begin with internal- for itself', hint: 'choose another --name' })
  for (const [index, { name, port, tcp }] of pipelines.entries()) {
    const other = pipelines.slice(0, index).find((earlier) => earlier.port === port)
    if (other !== undefined) {
      const message = `pipelines ${other.name} and ${name} share port ${port}, one for TCP and one for UDP, which a Network Load Balancer cannot part`
      problems.push({ message, hint: 'give one of them another port' })
    }
    if (!tcp && healthPort === undefined) {
      const hint = 'add tcp to its transports, or set health.listen to an address that the balancer reaches, such as 0.0.0.0:9441'
      problems.push({ message: `pipeline ${name} takes UDP alone, so there is no port to check`, hint })
    }
  }
  for (const { name, hosts } of pools) {
    if (hosts.some(({ kind }) => kind === 'ipv4') && hosts.some(({ kind }) => kind === 'ipv6')) {
      problems.push({ message: `--pool ${name} mixes IPv4 and IPv6, which one target group cannot hold`, hint: 'list one kind' })
    }
  }
  return problems
}

function groupOf(balancer: Balancer, pipeline: BalancedPipeline): AwsGroup {
  const { tcp, udp, name, port, pool } = pipeline
  const protocol = tcp && udp ? 'TCP_UDP' : tcp ? 'TCP' : 'UDP'
  const headers = pipeline.proxyProtocol !== 'off'
  // The address is preserved whatever is wanted: a header would come from the client's address, which is no trusted proxy.
  const proxyProtocolV2 = protocol === 'TCP' ? headers : protocol === 'TCP_UDP' && pipeline.proxyProtocol === 'required'
  return {
    pipeline,
    name: groupName(balancer.name, port, name),
    protocol,
    addressType: pool.hosts.some(({ kind }) => kind === 'ipv6') ? 'ipv6' : 'ipv4',
    proxyProtocolV2,
    preserveClientIp: protocol === 'TCP' ? !headers : undefined,
    connectionTermination: udp,
    health: tcp
      ? { protocol: 'TCP' }
      : // Without a health port wrongForAws has found a problem.
        { protocol: 'HTTP', port: balancer.healthPort as number, path: `/readyz?pipeline=${encodeURIComponent(name)}` },
    notes: [`${title(pipeline)}.`, clientNote(protocol, pipeline.proxyProtocol)],
  }
}

/** The port makes it unique; of the pipeline's name there is as much as fits. */
function groupName(name: string, port: number, pipeline: string): string {
  const readable = pipeline.replace(/[^a-z0-9]+/gi, '-')
  return `${name}-${port}-${readable}`.slice(0, longestName).replace(/-+$/, '')
}

function clientNote(protocol: AwsGroup['protocol'], proxyProtocol: BalancedPipeline['proxyProtocol']): string {
  if (protocol === 'TCP') {
    return proxyProtocol === 'off'
      ? "The client's address is preserved: the relay sees it as that of the connection. For relays in other networks, or behind PrivateLink, set proxy_protocol and trusted_proxies in the pipeline's source and write this anew."
      : "The client's address is in a PROXY v2 header and not preserved in the connection, whose address is the balancer's own: trusted_proxies must contain the balancer's subnets."
  }
  if (proxyProtocol === 'required' && protocol === 'TCP_UDP') {
    return "Warning: with UDP on the port AWS always preserves the client's address, so the PROXY v2 header that proxy_protocol: required asks for comes from there, and trusted_proxies would have to contain every client. proxy_protocol: optional needs no header here."
  }
  return "With UDP on the port AWS always preserves the client's address: the relay sees it, and no PROXY header is sent."
}

/** Not longer than the drain: what AWS still sends to a target on its way out is then still taken. */
function deregistrationDelay({ drainDelayMs }: Balancer): number {
  return drainDelayMs === 0 ? 30 : Math.min(3600, Math.floor(drainDelayMs / 1000))
}

function notesOf(balancer: Balancer): string[] {
  const { drainDelayMs, pipelines } = balancer
  const delay = deregistrationDelay(balancer)
  const notes = [
    readyzNote(balancer),
    `A relay that is full refuses its port and is out after two checks, ${healthCheck.intervalSeconds} s apart. To take one out: deregister it and send SIGTERM (or \`logrelay drain\`) at once; drain_delay should be at least the deregistration delay, ${delay} s.${drainDelayMs < delay * 1000 ? ` Warning: it is ${drainDelayMs / 1000} s in the relay's configuration; set drain_delay: ${delay}s.` : ''}`,
    'AWS forgets a TCP connection that was silent for 350 s, and a flow of UDP after 120 s; the relay sends TCP keepalives after 60 s.',
    'TCP connections to a relay that fails its checks are not ended: a full one only pauses them and reads on as soon as it has room. When all relays fail, AWS sends to all of them.',
  ]
  if (pipelines.some(({ tcp, udp }) => tcp && udp)) {
    notes.push(
      'Ports with TCP and UDP are one TCP_UDP listener, since AWS allows one listener a port. There AWS does end the TCP connections to a relay that fails its checks, and with them what was under way. A pipeline of TCP alone on a port of its own, or RELP, loses nothing.',
    )
  }
  if (pipelines.some(({ udp }) => udp)) {
    notes.push(
      'UDP: a sender that keeps its port stays with one relay for as long as it sends; stickiness is off, since it would hold all ports of a sender there. When a relay is deregistered its flows are moved after the delay (connection termination).',
      "With the client's address preserved a relay cannot send to itself through the balancer, the relays must be in its VPC or a peered one, and their security groups must let the clients in, not only the balancer.",
    )
  }
  if (pipelines.length > listenerQuota) {
    notes.push(`Warning: ${pipelines.length} ports are more than the ${listenerQuota} listeners that AWS gives one balancer unless asked.`)
  }
  return notes
}
