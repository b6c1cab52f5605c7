import { formatHttpEndpoint } from '../config/formats.ts'
import type { Config, ElasticsearchSinkConfig } from '../config/schema.ts'
import { RelayError } from '../core/errors.ts'
import { apiKeyAuthorization } from '../sinks/elasticsearch/api-key.ts'
import { type Cluster, readCluster } from '../sinks/elasticsearch/cluster.ts'
import { ismPath, type SetupOptions, type SetupRequest, setupRequests } from '../sinks/elasticsearch/setup-requests.ts'
import { type SetupTarget, setupTarget } from '../sinks/elasticsearch/setup-targets.ts'
import type { HttpClient } from '../sinks/http/http-client.ts'
import { UndiciClient } from '../sinks/http/undici-client.ts'
import { ask, hasNoHandler, install, policyVersion } from './elasticsearch-requests.ts'

export interface ElasticsearchSetupOptions extends SetupOptions {
  /** Name of the sink. Default: all that write to Elasticsearch. */
  readonly sink?: string | undefined
  /** Asks the clusters what they are, and changes nothing. */
  readonly dryRun: boolean
}

/** What is found and done, in order. */
export type SetupEvent =
  | { readonly cluster: string; readonly endpoint: string; readonly sink: string }
  /** Installed; or what would be, in a dry run. */
  | { readonly request: SetupRequest }
  /** Worth knowing: something that is left out, or left to do. */
  | { readonly note: string }

/**
 * Makes the clusters ready for what the configured sinks write: policies, mappings, index templates. Throws a RelayError at what
 * cannot be done: CONFIG_INVALID, ENDPOINT_*, SECRET_UNREADABLE, TLS_MATERIAL.
 */
export async function* setUpElasticsearch(
  config: Config,
  options: ElasticsearchSetupOptions,
  signal: AbortSignal,
): AsyncGenerator<SetupEvent> {
  const seen = new Map<string, string>()
  for (const [name, sink] of chosenSinks(config, options.sink)) {
    const { client, cluster } = await connect(sink, signal)
    try {
      yield { cluster: cluster.words, endpoint: client.name, sink: name }
      const target = setupTarget(config, name, sink)
      const key = `${cluster.uuid || client.name} ${target.name}`
      const same = seen.get(key)
      if (same !== undefined) yield { note: `writes to the same place as ${same}` }
      else if (target.patterns.length === 0) yield { note: 'no pipeline uses this sink, and what it writes to is named after them' }
      else yield* setUp(client, cluster, target, options, signal)
      seen.set(key, name)
    } finally {
      await client.close()
    }
  }
}

function chosenSinks(config: Config, wanted: string | undefined): [name: string, sink: ElasticsearchSinkConfig][] {
  const all = Object.entries(config.sinks)
  const found = all.flatMap(([name, sink]) => (sink.type === 'elasticsearch' ? [[name, sink] as [string, ElasticsearchSinkConfig]] : []))
  const chosen = wanted === undefined ? found : found.filter(([name]) => name === wanted)
  if (chosen.length > 0) return chosen
  const which = wanted === undefined ? 'no sink' : `no sink "${wanted}"`
  const hint =
    found.length === 0 ? 'add one to the configuration, or name another file' : `there is ${found.map(([name]) => name).join(', ')}`
  throw new RelayError('CONFIG_INVALID', `${which} of type elasticsearch is configured`, { hint })
}

/** The first endpoint that says what it is. */
async function connect(sink: ElasticsearchSinkConfig, signal: AbortSignal): Promise<{ client: HttpClient; cluster: Cluster }> {
  const authorization = apiKeyAuthorization(sink)
  let failure: unknown
  for (const endpoint of sink.endpoints) {
    const client = new UndiciClient({ endpoint, options: sink, ...(authorization && { authorization }) })
    try {
      return { client, cluster: readCluster((await ask(client, { method: 'GET', path: '/' }, signal)).body, client.name) }
    } catch (error) {
      await client.close()
      failure ??= error
    }
  }
  throw RelayError.from(failure, 'INTERNAL', sink.endpoints.map(formatHttpEndpoint).join(', '))
}

async function* setUp(
  client: HttpClient,
  cluster: Cluster,
  target: SetupTarget,
  options: ElasticsearchSetupOptions,
  signal: AbortSignal,
): AsyncGenerator<SetupEvent> {
  const policy = ismPath(cluster, target, options)
  const withoutPolicies = policy !== undefined && (await hasNoHandler(client, policy, signal))
  if (withoutPolicies) {
    if (options.retention !== undefined) throw noPolicies(cluster, client)
    yield { note: `no index is ever rolled over: this ${cluster.words} has no Index State Management plugin` }
  }
  for (const request of setupRequests(cluster, target, options)) {
    if (withoutPolicies && request.path === policy) continue
    if (!options.dryRun) await install(client, request, request.versioned ? await policyVersion(client, request.path, signal) : '', signal)
    yield { request }
  }
  if (target.kind === 'fixed' && options.retention !== undefined) {
    yield {
      note: `--retention has no effect: all documents go to ${target.patterns.join(', ')}; put a date into index, or use data_stream`,
    }
  }
  yield { note: whenItHolds(target, policy !== undefined && !withoutPolicies) }
}

/** `ism`: OpenSearch has a policy for it. */
function whenItHolds({ kind }: SetupTarget, ism: boolean): string {
  const next = kind === 'data_stream' ? 'the next rollover (POST STREAM/_rollover does it now)' : 'the next index that is made'
  const policy = ism ? '; indices that have a policy already keep its former version' : ''
  return `what is there already gets new mappings and settings with ${next}${policy}`
}

function noPolicies(cluster: Cluster, { name }: HttpClient): RelayError {
  const message = `${cluster.words} at ${name} has no Index State Management plugin, which would delete what is older than --retention`
  const hint = 'install opensearch-index-management there, or leave --retention out and delete old indices by other means'
  return new RelayError('ENDPOINT_REFUSED', message, { hint })
}
