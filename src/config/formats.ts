import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** Where a sink connects to. `host` is without brackets. */
export interface Endpoint {
  readonly scheme: 'tcp' | 'tls' | 'udp' | 'relp' | 'relps'
  readonly host: string
  readonly port: number
}

/** Where we listen. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

// RFC 6587 names no TCP port, IANA's syslog-conn is 601; RFC 5425 gives 6514, RFC 5426 gives 514. RELP has none: 2514 is what its users took.
const defaultPorts = { tcp: 601, tls: 6514, udp: 514, relp: 2514, relps: 2514 } as const

/** How an endpoint is written in logs, metrics and /status; the inverse of `endpoint()`. */
export function formatEndpoint({ scheme, host, port }: Endpoint): string {
  return `${scheme}://${formatHostPort({ host, port })}`
}

/** `host:port`, IPv6 in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A URL such as `tls://siem.example.com:6514` or `udp://[2001:db8::1]`. */
export function endpoint(schemes: readonly Endpoint['scheme'][]): z.ZodType<Endpoint, string> {
  const wanted = `must be ${schemes.map((scheme) => `${scheme}://host:port`).join(', ')}`
  const parsed = z.string().transform((value, context) => {
    const match = /^([a-z]+):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]\s]+)(?::(\d{1,5}))?$/.exec(value)
    const scheme = schemes.find((known) => known === match?.[1])
    if (match === null || scheme === undefined) {
      context.addIssue({ code: 'custom', message: wanted })
      return z.NEVER
    }
    const port = match[3] === undefined ? defaultPorts[scheme] : Number(match[3])
    if (port < 1 || port > 65535) context.addIssue({ code: 'custom', message: 'the port must be 1 to 65535' })
    return { scheme, host: (match[2] as string).replace(/^\[|\]$/g, ''), port }
  })
  return parsed.meta({ typeName: 'endpoint' })
}

/** `127.0.0.1:9440` or `[::1]:9440`. */
export function hostPort(): z.ZodType<HostPort, string> {
  const parsed = z.string().transform((value, context) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^/:[\]\s]+):(\d{1,5})$/.exec(value)
    const port = Number(match?.[2])
    if (match === null || port > 65535) {
      context.addIssue({ code: 'custom', message: 'must be an address and a port, such as 127.0.0.1:9440 or [::1]:9440' })
      return z.NEVER
    }
    return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port }
  })
  return parsed.meta({ typeName: 'address' })
}

/** A network such as `10.0.0.0/8` or `2001:db8::/32`; a bare address stands for itself. */
export function cidr(): z.ZodType<string, string> {
  return z
    .string()
    .refine(
      (value) =>
        value.includes('/') ? ipaddr.isValidCIDR(value) : ipaddr.IPv6.isValid(value) || ipaddr.IPv4.isValidFourPartDecimal(value),
      {
        error: 'must be a network such as 10.0.0.0/8 or 2001:db8::/32',
      },
    )
    .meta({ typeName: 'network' })
}

/** Names of pipelines and sinks: they become file names and metric labels. */
export function name(): z.ZodType<string, string> {
  return z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/i, { error: 'must be 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit' })
}

/** An IANA zone or a fixed offset. */
export function timezone(): z.ZodType<string, string> {
  return z.string().refine(isTimezone, { error: 'must be a time zone such as Europe/Berlin, UTC or +02:00' })
}

function isTimezone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}
