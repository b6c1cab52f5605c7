import { RelayError } from '../../core/errors.ts'
import { isObject, parseJson } from './cluster-error.ts'

/** What answers at an endpoint, as far as its version decides what it understands. */
export interface Cluster {
  readonly kind: 'elasticsearch' | 'opensearch'
  /** `Elasticsearch 8.15.0`, for people. */
  readonly words: string
  readonly version: readonly [major: number, minor: number]
  /** Elastic's own: it decides on shards, replicas and tiers itself. */
  readonly serverless: boolean
  /** Empty where it does not say. */
  readonly uuid: string
}

/** Reads the answer to `GET /`. Throws ENDPOINT_REFUSED for what is neither Elasticsearch nor OpenSearch, or too old. */
export function readCluster(body: Buffer, endpoint: string): Cluster {
  const root = parseJson(body)
  const version = isObject(root) && isObject(root.version) ? root.version : undefined
  const number = version?.number
  const parts = typeof number === 'string' ? /^(\d+)\.(\d+)/.exec(number) : null
  if (!isObject(root) || version === undefined || parts === null) {
    const hint = 'Compare endpoints of the sink with the address of the cluster.'
    throw new RelayError('ENDPOINT_REFUSED', `what answers at ${endpoint} is neither Elasticsearch nor OpenSearch`, { hint })
  }
  const opensearch = version.distribution === 'opensearch'
  // OpenSearch can be told to call itself 7.10.2 (compatibility.override_main_response_version).
  const pretends = opensearch && Number(parts[1]) >= 7
  const cluster: Cluster = {
    kind: opensearch ? 'opensearch' : 'elasticsearch',
    words: `${opensearch ? 'OpenSearch' : 'Elasticsearch'} ${number}`,
    version: pretends ? [1, 0] : [Number(parts[1]), Number(parts[2])],
    serverless: version.build_flavor === 'serverless',
    uuid: typeof root.cluster_uuid === 'string' ? root.cluster_uuid : '',
  }
  checkVersion(cluster, endpoint, version.build_flavor)
  return cluster
}

export function isAtLeast({ version }: Cluster, major: number, minor: number): boolean {
  return version[0] > major || (version[0] === major && version[1] >= minor)
}

function checkVersion(cluster: Cluster, endpoint: string, flavour: unknown): void {
  if (cluster.kind === 'opensearch') return
  const old = !isAtLeast(cluster, 7, 9)
  if (!old && flavour !== 'oss') return
  const why = old ? 'data streams came with 7.9' : 'its open source build has no data streams and no lifecycle policies'
  const hint = 'Use Elasticsearch 7.9 or later in its default distribution, or OpenSearch.'
  throw new RelayError('ENDPOINT_REFUSED', `${cluster.words} at ${endpoint} cannot be set up: ${why}`, { hint })
}
