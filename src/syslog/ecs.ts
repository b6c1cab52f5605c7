import { MessageFlag, type Origin, type ProxyInfo, type StoredObject } from '../core/batch.ts'
import type { SyslogMessage } from './message.ts'
import { facilityNames, severityNames } from './names.ts'

/** What only the receiver knows about a message. */
export interface MessageContext {
  /** Milliseconds since the epoch. */
  readonly receivedAtMs: number
  /** Left out where the bytes came from no network (`logrelay parse`). */
  readonly origin?: Origin
  /** Bits of MessageFlag. */
  readonly flags?: number
}

/**
 * One message as a document of the Elastic Common Schema: nested objects, ready for JSON, a field left out where the message
 * has none. `@timestamp` is the message's own time, else the receive time; `event.created` is always the receive time.
 * `tags` holds the parser's problems, and `truncated` or `cut_off` for a message that is not whole. The whole message is in
 * `event.original`, unless `eventOriginal` is false.
 *
 * Of a message that is not UTF-8 the text has U+FFFD where bytes could not be read; `labels.original_base64` then has the exact bytes.
 */
export function toEcs(parsed: SyslogMessage, raw: Buffer, context: MessageContext, eventOriginal = true): Record<string, unknown> {
  const received = receiveTime(context.receivedAtMs)
  const event: Record<string, unknown> = { created: received }
  if (eventOriginal) event.original = raw.toString('utf8')
  if (parsed.sequence !== undefined) event.sequence = parsed.sequence
  const document: Record<string, unknown> = { '@timestamp': parsed.timestamp ?? received, message: parsed.message, event }
  const syslog = syslogFields(parsed)
  if (syslog !== undefined) document.log = { syslog }
  if (context.origin !== undefined) addOrigin(document, context.origin)
  const tags = tagsOf(parsed, context.flags ?? 0)
  if (tags.length > 0) document.tags = tags
  if (parsed.problems.includes('not_utf8'))
    document.labels = { ...(document.labels as object | undefined), original_base64: raw.toString('base64') }
  return document
}

let lastReceivedAtMs = Number.NaN
let lastReceiveTime = ''

/** Messages come in runs of one receive time: its text is kept from one to the next. */
export function receiveTime(receivedAtMs: number): string {
  if (receivedAtMs !== lastReceivedAtMs) {
    lastReceiveTime = new Date(receivedAtMs).toISOString()
    lastReceivedAtMs = receivedAtMs
  }
  return lastReceiveTime
}

function syslogFields(parsed: SyslogMessage): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = {}
  let any = false
  const add = (name: string, value: unknown): void => {
    if (value === undefined) return
    fields[name] = value
    any = true
  }
  add('priority', parsed.priority)
  if (parsed.facility !== undefined) add('facility', { code: parsed.facility, name: facilityNames[parsed.facility] })
  if (parsed.severity !== undefined) add('severity', { code: parsed.severity, name: severityNames[parsed.severity] })
  // A keyword in ECS, as `procid` is.
  if (parsed.version !== undefined) add('version', String(parsed.version))
  add('hostname', parsed.hostname)
  add('appname', parsed.appName)
  add('procid', parsed.procId)
  add('msgid', parsed.msgId)
  add('structured_data', parsed.structuredData)
  return any ? fields : undefined
}

function addOrigin(document: Record<string, unknown>, origin: Origin): void {
  if (origin.object !== undefined) addObject(document, origin.peer, origin.object)
  else addSender(document, origin)
}

/** It came from a bucket: nobody sent it. */
function addObject(document: Record<string, unknown>, url: string, { bucket, key }: StoredObject): void {
  document.log = { ...(document.log as object | undefined), file: { path: url } }
  document.aws = { s3: { bucket: { name: bucket }, object: { key } } }
}

function addSender(document: Record<string, unknown>, origin: Origin): void {
  const { port, transport, certSubject, proxy } = origin
  const ip = ipOf(origin.peer)
  document.source = { ip, port }
  document.client = { ip, port }
  // network.transport is layer 4: TLS is TCP there, and has fields of its own.
  const protocol = transport === 'relp' || transport === 'relps' ? 'relp' : 'syslog'
  document.network = { transport: transport === 'udp' ? 'udp' : 'tcp', protocol }
  if (transport === 'tls' || transport === 'relps') document.tls = tlsFields(certSubject)
  if (proxy !== undefined) addProxy(document, proxy)
}

/** Without the zone of a link-local address (`fe80::1%eth0`), which the fields of type ip do not take. */
export function ipOf(peer: string): string {
  const zone = peer.indexOf('%')
  return zone === -1 ? peer : peer.slice(0, zone)
}

function tlsFields(subject: string | undefined): Record<string, unknown> {
  return subject === undefined ? { established: true } : { established: true, client: { subject } }
}

/** What a load balancer said. ECS has no fields for the balancer itself: labels are for that. */
function addProxy(document: Record<string, unknown>, proxy: ProxyInfo): void {
  const { peer, destination, authority, alpn, vpcEndpointId, uniqueId } = proxy
  if (destination !== undefined || authority !== undefined) {
    document.destination = {
      ...(destination && { ip: destination.address, port: destination.port }),
      ...(authority !== undefined && { domain: authority }),
    }
  }
  const tls = document.tls ?? (proxy.tls && endedTls(proxy.tls))
  if (tls !== undefined || alpn !== undefined) document.tls = { ...(tls as object | undefined), ...(alpn && { next_protocol: alpn }) }
  document.labels = {
    proxy_ip: peer,
    ...(vpcEndpointId !== undefined && { vpc_endpoint_id: vpcEndpointId }),
    ...(uniqueId !== undefined && { proxy_unique_id: uniqueId }),
  }
}

/** TLS that the load balancer ended. */
function endedTls({ version, cipher, commonName }: NonNullable<ProxyInfo['tls']>): Record<string, unknown> {
  return {
    ...tlsFields(commonName === undefined ? undefined : `CN=${commonName}`),
    ...(version !== undefined && { version }),
    ...(cipher !== undefined && { cipher }),
  }
}

function tagsOf(parsed: SyslogMessage, flags: number): readonly string[] {
  if (flags === 0) return parsed.problems
  const tags: string[] = [...parsed.problems]
  if ((flags & MessageFlag.truncated) !== 0) tags.push('truncated')
  if ((flags & MessageFlag.cutOff) !== 0) tags.push('cut_off')
  return tags
}
