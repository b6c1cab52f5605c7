import { requestLine, tlsFields, urlFields } from './http-fields.ts'
import { quotedWords } from './quoted-words.ts'
import { type AwsRecord, endpoint, type Fields, integer, measured, outcome, pruned, related, timestamp, word } from './values.ts'

const applicationTypes: ReadonlySet<string | undefined> = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss'])
/** Fields that each kind of record has at least; later ones were added over the years. */
const fewestApplicationWords = 16
const fewestNetworkWords = 17
const classicWords = 15

/**
 * An entry of a load balancer's access log:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
 */
export function elbRecord(text: string): AwsRecord | undefined {
  const words = quotedWords(text.trim())
  if (applicationTypes.has(words[0])) return words.length < fewestApplicationWords ? undefined : application(words)
  if (words[0] === 'tls') return words.length < fewestNetworkWords ? undefined : network(words)
  // Those of a Classic Load Balancer are the same without a type, and end behind the TLS protocol.
  return words.length === classicWords ? application([undefined, ...words]) : undefined
}

function application(words: readonly (string | undefined)[]): AwsRecord | undefined {
  const [type, time, name, client, target, requestTime, targetTime, responseTime, status, targetStatus, received, sent] = words
  const [request, userAgent, cipher, protocol, targetGroup, trace, domain, certificate, priority, created] = words.slice(12)
  const [actions, redirect, error, ports, statuses, classification, reason, connectionTrace] = words.slice(22)
  const end = timestamp(time)
  if (end === undefined) return undefined
  const line = requestLine(request)
  const source = endpoint(client)
  const backend = endpoint(target)
  const statusCode = integer(status)
  const isHttp = line.method !== undefined || statusCode !== undefined
  const fields = pruned({
    event: { ...eventFields(isHttp ? 'web' : 'network', end), start: timestamp(created), outcome: outcome(statusCode) },
    source,
    destination: { domain: word(domain) },
    http: isHttp ? httpFields(line, statusCode, received, sent) : undefined,
    url: urlFields(line.url),
    user_agent: { original: word(userAgent) },
    tls: tlsFields(protocol, cipher),
    trace: { id: word(trace) },
    cloud: { provider: 'aws' },
    related: { ip: related(source?.ip) },
    aws: {
      elb: {
        name: word(name),
        type,
        protocol: isHttp ? 'http' : 'tcp',
        backend: { ip: backend?.ip, port: text(backend?.port), http: { response: { status_code: integer(targetStatus) } } },
        request_processing_time: { sec: measured(requestTime) },
        backend_processing_time: { sec: measured(targetTime) },
        response_processing_time: { sec: measured(responseTime) },
        ...encryption(cipher, protocol),
        target_group: { arn: word(targetGroup) },
        trace_id: word(trace),
        chosen_cert: { arn: word(certificate) },
        matched_rule_priority: priority === '-1' ? undefined : word(priority),
        action_executed: word(actions)?.split(','),
        redirect_url: word(redirect),
        error: { reason: word(error) },
        target_port: word(ports)?.split(' '),
        target_status_code: word(statuses)?.split(' '),
        classification: word(classification),
        classification_reason: word(reason),
        connection_trace_id: word(connectionTrace),
      },
    },
  })
  return { timestamp: end, fields }
}

/** Entries of TLS listeners, the only ones that Network Load Balancers log. */
function network(words: readonly string[]): AwsRecord | undefined {
  const [type, , time, name, listener, client, target, connectionTime, handshakeTime, received, sent, alert] = words
  const [certificate, serial, cipher, protocol, group, domain, alpn] = words.slice(12)
  const end = timestamp(time)
  if (end === undefined) return undefined
  const source = endpoint(client)
  const backend = endpoint(target)
  const fields = pruned({
    event: eventFields('network', end),
    source: { ...source, bytes: integer(received) },
    destination: { domain: word(domain), bytes: integer(sent) },
    tls: { ...tlsFields(protocol, cipher), next_protocol: word(alpn) },
    cloud: { provider: 'aws' },
    related: { ip: related(source?.ip) },
    aws: {
      elb: {
        name: word(name),
        type,
        protocol: 'tcp',
        listener: word(listener),
        backend: { ip: backend?.ip, port: text(backend?.port) },
        connection_time: { ms: measured(connectionTime) },
        tls_handshake_time: { ms: measured(handshakeTime) },
        incoming_tls_alert: word(alert),
        chosen_cert: { arn: word(certificate), serial: word(serial) },
        ...encryption(cipher, protocol),
        tls_named_group: word(group),
      },
    },
  })
  return { timestamp: end, fields }
}

function eventFields(category: string, end: string): Fields {
  return { kind: 'event', category: [category], type: ['access'], end }
}

function httpFields(line: ReturnType<typeof requestLine>, status: number | undefined, received?: string, sent?: string): Fields {
  return {
    version: line.version,
    request: { method: line.method, body: { bytes: integer(received) } },
    response: { status_code: status, body: { bytes: integer(sent) } },
  }
}

function encryption(cipher: string | undefined, protocol: string | undefined): Fields {
  return { ssl_cipher: word(cipher), ssl_protocol: word(protocol) }
}

/** Ports of a backend are a keyword in Elastic's integration. */
function text(port: number | undefined): string | undefined {
  return port === undefined ? undefined : String(port)
}
