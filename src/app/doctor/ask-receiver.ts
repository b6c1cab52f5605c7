import { RelayError } from '../../core/errors.ts'
import { apiKeyAuthorization } from '../../sinks/elasticsearch/api-key.ts'
import { readCluster } from '../../sinks/elasticsearch/cluster.ts'
import { statusError } from '../../sinks/http/http-status.ts'
import { UndiciClient } from '../../sinks/http/undici-client.ts'
import type { SinkEndpoint } from './sink-endpoints.ts'

const patienceMs = 4000

/**
 * Elasticsearch and OpenSearch say what they are (`GET /`), and whether they know us. The others have no request that is harmless to
 * all of them. Rejects with a RelayError.
 */
export async function askReceiver({ config, http }: SinkEndpoint, signal: AbortSignal): Promise<string | undefined> {
  if (config.type !== 'elasticsearch' || http === undefined) return undefined
  const authorization = apiKeyAuthorization(config)
  const options = { ...config, request_timeout: patienceMs, connect_timeout: Math.min(patienceMs, config.connect_timeout) }
  const client = new UndiciClient({ endpoint: http, options, ...(authorization && { authorization }) })
  try {
    const answer = await client.request({ method: 'GET', path: '/' }, signal)
    // Who may only write is not told the version, and may write all the same.
    if (answer.status === 403) return 'it knows the user or key of this sink'
    const { kind, error } = statusError(answer, client.name)
    if (kind !== 'ok') throw error
    return readCluster(answer.body, client.name).words
  } catch (error) {
    throw RelayError.from(error)
  } finally {
    await client.close()
  }
}
