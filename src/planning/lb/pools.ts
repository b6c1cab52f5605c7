import ipaddr from 'ipaddr.js'
import { failed, type LbProblem, type LbResult, succeeded } from './result.ts'

/** A relay as the balancer reaches it. `text` is without brackets, and in lower case: the same node is written in one way. */
export interface LbHost {
  readonly text: string
  readonly kind: 'name' | 'ipv4' | 'ipv6'
}

/** Hosts by what they serve: the name of a pipeline, or `default`. */
export type LbPools = ReadonlyMap<string, readonly LbHost[]>

/** The pool of every pipeline that has none of its own. */
export const defaultPool = 'default'

/** RFC 1123 section 2.1, and underscores, which private networks use. */
const dnsName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/** Nothing can be sent to one node at such an address. */
const notNodes = new Set(['unspecified', 'broadcast', 'multicast'])

/** Reads `PIPELINE=HOST,HOST` as often as it was given. Whether the pipelines exist is not looked at. */
export function parsePools(values: readonly string[]): LbResult<LbPools> {
  const pools = new Map<string, readonly LbHost[]>()
  const problems: LbProblem[] = []
  for (const value of values) {
    const at = value.indexOf('=')
    const name = value.slice(0, Math.max(at, 0)).trim()
    if (name === '') {
      problems.push({ message: `--pool ${quoted(value)} names no pipeline`, hint: 'write PIPELINE=HOST,HOST or default=HOST,HOST' })
      continue
    }
    if (pools.has(name))
      problems.push({ message: `--pool ${quoted(name)} is given twice`, hint: 'list all of its hosts once, with commas' })
    const hosts = parseHosts(name, value.slice(at + 1))
    pools.set(name, hosts.ok ? hosts.value : [])
    if (!hosts.ok) problems.push(...hosts.problems)
  }
  return problems.length === 0 ? succeeded(pools) : failed(...problems)
}

function parseHosts(pool: string, list: string): LbResult<readonly LbHost[]> {
  const hosts: LbHost[] = []
  const problems: LbProblem[] = []
  for (const part of list.split(',')) {
    const text = part.trim()
    const host = parseHost(text)
    if (host === undefined) problems.push(notAHost(pool, text))
    else if (hosts.some((other) => other.text === host.text)) problems.push({ message: `--pool ${pool} lists ${host.text} twice` })
    else hosts.push(host)
  }
  return problems.length === 0 ? succeeded(hosts) : failed(...problems)
}

/** A DNS name, an IPv4 address, or an IPv6 address with or without brackets. */
export function parseHost(text: string): LbHost | undefined {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return isNode(bare) && bare === text ? { text: bare, kind: 'ipv4' } : undefined
  // A zone (fe80::1%eth0) means something on one machine only.
  if (ipaddr.IPv6.isValid(bare) && !bare.includes('%')) {
    return isNode(bare) ? { text: ipaddr.IPv6.parse(bare).toRFC5952String(), kind: 'ipv6' } : undefined
  }
  const name = text.toLowerCase().replace(/\.$/, '')
  // Only digits and dots: an address with a mistake, which some programs would read as another one.
  return dnsName.test(name) && !/^[\d.]+$/.test(name) ? { text: name, kind: 'name' } : undefined
}

function isNode(address: string): boolean {
  return !notNodes.has(ipaddr.parse(address).range())
}

function notAHost(pool: string, text: string): LbProblem {
  if (text === '')
    return { message: `--pool ${quoted(pool)} lists an empty host`, hint: 'write hosts with commas between: relay-1,relay-2' }
  const hint = /^[^:]+:\d+$|\]:\d+$/.test(text)
    ? "leave the port out: the ports are the pipelines' own"
    : 'write a DNS name, an IPv4 address or an IPv6 address'
  return { message: `--pool ${quoted(pool)}: ${quoted(text)} is not a host`, hint }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
}
