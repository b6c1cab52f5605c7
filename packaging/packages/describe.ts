import type { Target } from '../binary/targets.ts'

/** What both kinds of package say of themselves. */
export interface PackageDescription {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly maintainer: string
  readonly summary: string
  /** Paragraphs with an empty line between; lines of at most 78 characters. */
  readonly text: string
  /** Of the commit. All files in a package have it, so that the same commit gives the same package. */
  readonly dateMs: number
  /** Of xz, 0 to 9. */
  readonly compression: number
}

export function describePackage(options: Pick<PackageDescription, 'version' | 'target' | 'dateMs' | 'compression'>): PackageDescription {
  return {
    name: 'logrelay',
    maintainer: 'The logrelay authors <logrelay@localhost>',
    summary: 'durable syslog relay with a queue on disk',
    text: `Takes syslog from firewalls, routers, load balancers, NGINX and appliances over
UDP, TCP, TLS and RELP, one port per device type, keeps it in a queue on disk,
and forwards it to a SIEM or search cluster: syslog, RELP, Elasticsearch,
OpenSearch, HTTPS, Splunk.

Nothing is lost in silence: every message received is delivered, queued,
rejected or counted as dropped, across restarts.`,
    ...options,
  }
}
