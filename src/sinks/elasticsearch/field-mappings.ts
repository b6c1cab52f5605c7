import { type Cluster, isAtLeast } from './cluster.ts'

const keyword = { type: 'keyword', ignore_above: 1024 }
const ip = { type: 'ip' }
const long = { type: 'long' }
const date = { type: 'date' }

/** Types of the fields that the relay writes (syslog/ecs.ts, syslog/document.ts), and what becomes of any other. */
export function fieldMappings(cluster: Cluster): Record<string, unknown> {
  return {
    // A text that looks like a date, in the first document that has it, would make each other text of this field a mistake.
    date_detection: false,
    dynamic_templates: [
      { labels: { path_match: 'labels.*', mapping: keyword } },
      // Whole requests and answers, as JSON text.
      { cloudtrail: { path_match: 'aws.cloudtrail.*', match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 8191 } } },
      { strings: { match_mapping_type: 'string', mapping: keyword } },
    ],
    properties: {
      // A data stream wants it exact, whatever index.mapping.ignore_malformed says.
      '@timestamp': { ...date, ignore_malformed: false },
      message: messageText(cluster),
      tags: keyword,
      labels: { type: 'object' },
      ...objects(fields(cluster)),
    },
  }
}

function fields(cluster: Cluster): Record<string, Record<string, unknown>> {
  return {
    'ecs.version': keyword,
    'agent.type': keyword,
    // The parts of the stream's name are the same in all of its documents.
    'data_stream.type': streamPart(cluster),
    'data_stream.dataset': streamPart(cluster),
    'data_stream.namespace': streamPart(cluster),
    'event.created': date,
    'event.original': { type: 'keyword', index: false, doc_values: false },
    'event.dataset': keyword,
    'event.module': keyword,
    'event.sequence': long,
    'log.file.path': keyword,
    'log.syslog.priority': long,
    'log.syslog.facility.code': long,
    'log.syslog.facility.name': keyword,
    'log.syslog.severity.code': long,
    'log.syslog.severity.name': keyword,
    'log.syslog.version': keyword,
    'log.syslog.hostname': keyword,
    'log.syslog.appname': keyword,
    'log.syslog.procid': keyword,
    'log.syslog.msgid': keyword,
    'log.syslog.structured_data': structuredData(cluster),
    'host.name': keyword,
    'observer.vendor': keyword,
    'observer.product': keyword,
    'observer.type': keyword,
    'observer.hostname': keyword,
    'observer.ip': ip,
    'source.ip': ip,
    'source.port': long,
    'client.ip': ip,
    'client.port': long,
    'destination.ip': ip,
    'destination.port': long,
    'destination.domain': keyword,
    'network.transport': keyword,
    'network.protocol': keyword,
    'tls.established': { type: 'boolean' },
    'tls.version': keyword,
    'tls.cipher': keyword,
    'tls.next_protocol': keyword,
    'tls.client.subject': keyword,
    'aws.s3.bucket.name': keyword,
    'aws.s3.object.key': keyword,
  }
}

function messageText(cluster: Cluster): Record<string, unknown> {
  const lean = cluster.kind === 'elasticsearch' ? isAtLeast(cluster, 7, 14) : isAtLeast(cluster, 2, 12)
  return { type: lean ? 'match_only_text' : 'text' }
}

/** Senders choose its names, and each would be a field: one type takes them all. */
function structuredData(cluster: Cluster): Record<string, unknown> {
  if (cluster.kind === 'elasticsearch') return { type: 'flattened', ignore_above: 1024 }
  return isAtLeast(cluster, 2, 7) ? { type: 'flat_object' } : { type: 'object', enabled: false }
}

function streamPart({ kind }: Cluster): Record<string, unknown> {
  return kind === 'elasticsearch' ? { type: 'constant_keyword' } : keyword
}

/** `a.b` with a type is an object a with a property b. */
function objects(types: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const properties: Record<string, { properties?: Record<string, unknown> }> = {}
  for (const [path, type] of Object.entries(types)) {
    const names = path.split('.')
    const last = names.pop() as string
    let at: Record<string, { properties?: Record<string, unknown> }> = properties
    for (const name of names) {
      at[name] ??= { properties: {} }
      at = at[name].properties as typeof at
    }
    at[last] = type
  }
  return properties
}
