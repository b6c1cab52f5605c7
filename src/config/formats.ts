import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** Where a sink connects to. `host` is without brackets. */
export interface Endpoint {
  readonly scheme: 'tcp' | 'tls' | 'udp' | 'relp' | 'relps'
  readonly host: string
  readonly port: number
}

/** Where a sink sends requests to. `host` is without brackets; `path` begins with a slash, is empty where there is none, and may hold a query. */
export interface HttpEndpoint {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string
}

/** Where we listen. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

// RFC 6587 names no TCP port, IANA's syslog-conn is 601; RFC 5425 gives 6514, RFC 5426 gives 514. RELP has none: 2514 is what its users took.
const defaultPorts = { tcp: 601, tls: 6514, udp: 514, relp: 2514, relps: 2514 } as const

/** How an endpoint is written in logs, metrics and /status; the inverse of `endpoint()`. */
export function formatEndpoint({ scheme, host, port }: { readonly scheme: string } & HostPort): string {
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

/** How an HTTP endpoint is written in logs, metrics and /status. Query and user are never part of it. */
export function formatHttpEndpoint({ scheme, host, port, path }: HttpEndpoint): string {
  return `${scheme}://${formatHostPort({ host, port })}${path.replace(/\?.*/, '')}`
}

/** A URL such as `https://es-1.example.com:9200` or `http://[2001:db8::1]:8080/logs`. */
export function httpEndpoint(): z.ZodType<HttpEndpoint, string> {
  const parsed = z.string().transform((value, context) => {
    const wrong = (message: string, hint?: string) => {
      context.addIssue({ code: 'custom', message, ...(hint && { params: { hint } }) })
      return z.NEVER
    }
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
      return wrong('must be http://host:port or https://host:port')
    if (url.username !== '' || url.password !== '') return wrong('must not hold a user or password', 'use username and password beside it')
    if (url.hash !== '') return wrong('must not hold a fragment (#)')
    const scheme = url.protocol === 'https:' ? ('https' as const) : ('http' as const)
    const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
    return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, path: (url.pathname === '/' ? '' : url.pathname) + url.search }
  })
  return parsed.meta({ typeName: 'URL' })
}

/** `off`, `environment` or the URL of an HTTP proxy. */
export function proxyUrl(): z.ZodType<string, string | boolean> {
  const error = 'must be http://host:port, environment, or off'
  // YAML 1.1 readers turn a bare `off` into false.
  return z
    .union([z.string(), z.literal(false)], { error })
    .transform((value) => (value === false ? 'off' : value))
    .refine((value) => value === 'off' || value === 'environment' || (/^https?:\/\//.test(value) && URL.canParse(value)), { error })
    .meta({ typeName: 'proxy' })
}

/** The name of an index in which `{pipeline}`, `{device}` and a date such as `{yyyy.MM.dd}` are filled in. */
export function indexPattern(): z.ZodType<string, string> {
  const error = 'must be the name of an index, in which {pipeline}, {device} and a date such as {yyyy.MM.dd} are filled in'
  const field = /\{(?:pipeline|device|[yMdH]+(?:[._-][yMdH]+)*)\}/g
  return z
    .string()
    .refine((value) => /^[a-z0-9][a-z0-9_.+-]{0,199}$/.test(value.replace(field, 'x')), { error })
    .meta({ typeName: 'index' })
}

/** `beginning`, `now` or a date; out comes the date in milliseconds since the epoch, or the word. */
export function startFrom(): z.ZodType<'beginning' | 'now' | number, string> {
  const error = 'must be beginning, now, or a date such as 2026-01-31T00:00:00Z'
  const parsed = z.string({ error }).transform((value, context) => {
    if (value === 'beginning' || value === 'now') return value
    const atMs = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
    if (!Number.isNaN(atMs)) return atMs
    context.addIssue({ code: 'custom', message: error })
    return z.NEVER
  })
  return parsed.meta({ typeName: 'date' })
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
