import { formatHostPort } from '../../config/formats.ts'
import type { BalancedPipeline, Balancer } from './balancer.ts'

/** What every balancer's configuration has to say, whatever its language. */

export function headNotes({ warnings }: Balancer, target: string): string[] {
  return [
    `Written by \`logrelay lb --for ${target}\` from the relay's configuration; write it anew when that changes.`,
    'Every port has the same number here and on the relays. TLS is passed through: the first byte tells the relay which it is.',
    'The port is the health check: a relay closes the TCP port of a pipeline that cannot take messages, and opens it again by itself.',
    ...warnings.map((warning) => `Warning: ${warning}.`),
  ]
}

/** What `/readyz` knows that the port does not. */
export function readyzNote({ healthPort }: Balancer): string {
  return healthPort === undefined
    ? "With health.listen in the relay's configuration, GET /readyz?pipeline=NAME there turns red (503) at the beginning of a drain, drain_delay before the ports close; it serves where a pipeline has no TCP port to look at."
    : `GET /readyz?pipeline=NAME on port ${healthPort} of the relays turns red (503) at the beginning of a drain, drain_delay before the ports close; it serves where a pipeline has no TCP port to look at.`
}

/** `pipeline nginx: 10435, TCP and UDP` */
export function title({ name, port, tcp, udp }: BalancedPipeline): string {
  return `Pipeline ${name}: port ${port}, ${[tcp ? 'TCP' : '', udp ? 'UDP' : ''].filter(Boolean).join(' and ')}`
}

/** What the relay takes for the client. */
export function clientNote({ proxyProtocol }: BalancedPipeline): string {
  return proxyProtocol === 'off'
    ? "proxy_protocol is off: every client's address will be this balancer's. Set proxy_protocol and trusted_proxies in the pipeline's source, then write this anew."
    : "The client's address is in a PROXY header, which the relay believes when this balancer's address is in trusted_proxies."
}

/** `host:port` of every relay of the pipeline. */
export function addresses({ pool, port }: BalancedPipeline): { readonly name: string; readonly address: string }[] {
  return pool.hosts.map(({ text }) => ({ name: text, address: formatHostPort({ host: text, port }) }))
}

export function ports(pipelines: readonly BalancedPipeline[]): string {
  return pipelines.map(({ port, name }) => `${port} (${name})`).join(', ')
}
