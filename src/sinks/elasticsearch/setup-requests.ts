import { type Cluster, isAtLeast } from './cluster.ts'
import { fieldMappings } from './field-mappings.ts'
import { ilmPolicy, ismPolicy, type LifecycleOptions, lifecycleWords, needsPolicy } from './lifecycle.ts'
import type { SetupTarget } from './setup-targets.ts'

export interface SetupOptions extends LifecycleOptions {
  readonly shards: number
  readonly replicas: number
}

/** One thing to install. A request that is made twice leaves what the first one left. */
export interface SetupRequest {
  readonly path: string
  readonly body: Record<string, unknown>
  /** What it installs, for people. */
  readonly words: string
  /** OpenSearch's policies are changed only by who names the version that is there. */
  readonly versioned: boolean
}

const mappingsName = 'logrelay-mappings'
/** Above Elastic's own templates (100) and those of its integrations (200). */
const lowestPriority = 250

/** Everything that a target needs, in the order in which it can be installed. */
export function setupRequests(cluster: Cluster, target: SetupTarget, options: SetupOptions): SetupRequest[] {
  return [...policyRequests(cluster, target, options), mappingsRequest(cluster), templateRequest(cluster, target, options)]
}

/** Where the policy of OpenSearch is; undefined where there is none. */
export function ismPath(cluster: Cluster, target: SetupTarget, options: LifecycleOptions): string | undefined {
  return cluster.kind === 'opensearch' && needsPolicy(target, options)
    ? `/_plugins/_ism/policies/${encodeURIComponent(target.name)}`
    : undefined
}

function policyRequests(cluster: Cluster, target: SetupTarget, options: SetupOptions): SetupRequest[] {
  // There the template itself says how long documents are kept.
  if (cluster.serverless || !needsPolicy(target, options)) return []
  const words = `lifecycle policy ${target.name}: ${lifecycleWords(target, options)}`
  const ism = ismPath(cluster, target, options)
  if (ism === undefined) {
    return [{ path: `/_ilm/policy/${encodeURIComponent(target.name)}`, body: ilmPolicy(cluster, target, options), words, versioned: false }]
  }
  return [{ path: ism, body: ismPolicy(target, options, priorityOf(target)), words, versioned: true }]
}

function mappingsRequest(cluster: Cluster): SetupRequest {
  const body = { template: { mappings: fieldMappings(cluster) }, _meta: { managed_by: 'logrelay' } }
  const words = `component template ${mappingsName}: the types of the fields that logrelay writes`
  return { path: `/_component_template/${mappingsName}`, body, words, versioned: false }
}

function templateRequest(cluster: Cluster, target: SetupTarget, options: SetupOptions): SetupRequest {
  const { name, kind, patterns } = target
  const dataStream = kind === 'data_stream'
  const retention = options.retention === undefined ? {} : { data_retention: options.retention }
  const body = {
    index_patterns: patterns,
    priority: priorityOf(target),
    composed_of: [mappingsName],
    ...(dataStream && { data_stream: {} }),
    template: { settings: settings(cluster, target, options), ...(cluster.serverless && dataStream && { lifecycle: retention }) },
    _meta: { managed_by: 'logrelay' },
  }
  const copies = cluster.serverless ? '' : `: ${count(options.shards, 'shard')}, ${count(options.replicas, 'replica')}`
  const words = `index template ${name} for ${dataStream ? 'data streams' : 'indices'} named ${patterns.join(', ')}${copies}`
  return { path: `/_index_template/${encodeURIComponent(name)}`, body, words, versioned: false }
}

function settings(cluster: Cluster, target: SetupTarget, options: SetupOptions): Record<string, unknown> {
  const { shards, replicas } = options
  const elasticsearch = cluster.kind === 'elasticsearch'
  return {
    ...(!cluster.serverless && { 'index.number_of_shards': shards, 'index.number_of_replicas': replicas }),
    ...(!cluster.serverless && elasticsearch && needsPolicy(target, options) && { 'index.lifecycle.name': target.name }),
    'index.mapping.total_fields.limit': 2000,
    // Later fields are kept and cannot be searched; without it their documents are refused.
    ...(elasticsearch && isAtLeast(cluster, 8, 14) && { 'index.mapping.total_fields.ignore_dynamic_beyond_limit': true }),
    'index.mapping.ignore_malformed': true,
  }
}

/** No two templates that match one name may have the same: the one that says more of the name comes first. */
function priorityOf({ patterns }: SetupTarget): number {
  return lowestPriority + Math.max(0, ...patterns.map((pattern) => pattern.replaceAll('*', '').length))
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
