import type { ElasticsearchSinkConfig } from '../../config/schema.ts'
import { SecretReader } from '../../secrets/read-secret.ts'

/** Value of Authorization where the sink has an API key: `encoded` as Elasticsearch gives it, or its parts as `id:api_key`. */
export function apiKeyAuthorization({ api_key }: Pick<ElasticsearchSinkConfig, 'api_key'>): (() => Promise<string>) | undefined {
  if (api_key === undefined) return undefined
  const secret = new SecretReader(api_key)
  return async () => {
    const key = await secret.read()
    return `ApiKey ${key.includes(':') ? Buffer.from(key).toString('base64') : key}`
  }
}
