import { ecsObjects } from './ecs-objects.ts'

/** Of a field whose names below are known, as far as they are; one without `fields` is a value and holds none. */
export interface Shape {
  readonly fields?: ReadonlyMap<string, Shape>
}

/** What our index template has (sinks/elasticsearch/field-mappings.ts): names that are values, by the object that has them. */
const values: Readonly<Record<string, readonly string[]>> = {
  ecs: ['version'],
  agent: ['type'],
  data_stream: ['type', 'dataset', 'namespace'],
  event: ['created', 'original', 'dataset', 'module', 'sequence'],
  'log.file': ['path'],
  'log.syslog': ['priority', 'version', 'hostname', 'appname', 'procid', 'msgid'],
  'log.syslog.facility': ['code', 'name'],
  'log.syslog.severity': ['code', 'name'],
  'log.syslog.structured_data': [],
  host: ['name'],
  observer: ['vendor', 'product', 'type', 'hostname', 'ip'],
  source: ['ip', 'port'],
  client: ['ip', 'port'],
  destination: ['ip', 'port', 'domain'],
  network: ['transport', 'protocol'],
  tls: ['established', 'version', 'cipher', 'next_protocol'],
  'tls.client': ['subject'],
  'aws.s3.bucket': ['name'],
  'aws.s3.object': ['key'],
}

/** An object with any names. */
export const anyObject: Shape = { fields: new Map() }

/** By the names at the top of a document: a store with our template, or one that knows the schema, refuses anything else there. */
export const topShapes: ReadonlyMap<string, Shape> = shapes()

function shapes(): Map<string, Shape> {
  const top = new Map<string, Shape>(['@timestamp', 'message', 'tags'].map((name) => [name, {}]))
  for (const name of ecsObjects) fieldsAt(top, [name])
  for (const [path, names] of Object.entries(values)) {
    const fields = fieldsAt(top, path.split('.'))
    for (const name of names) fields.set(name, {})
  }
  return top
}

function fieldsAt(top: Map<string, Shape>, path: readonly string[]): Map<string, Shape> {
  let at = top
  for (const name of path) {
    const fields = (at.get(name)?.fields as Map<string, Shape> | undefined) ?? new Map<string, Shape>()
    at.set(name, { fields })
    at = fields
  }
  return at
}
