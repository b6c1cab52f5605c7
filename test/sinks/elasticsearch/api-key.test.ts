import { test } from 'tap'
import { apiKeyAuthorization } from '../../../src/sinks/elasticsearch/api-key.ts'

test('an API key as Elasticsearch gives it, or in its parts', async (t) => {
  t.equal(apiKeyAuthorization({ api_key: undefined }), undefined)
  t.equal(await apiKeyAuthorization({ api_key: { value: 'aWQ6a2V5' } })?.(), 'ApiKey aWQ6a2V5')
  t.equal(await apiKeyAuthorization({ api_key: { value: 'id:key' } })?.(), 'ApiKey aWQ6a2V5')
  await t.rejects(async () => await apiKeyAuthorization({ api_key: { env: 'LOGRELAY_TEST_NO_SUCH_KEY' } })?.(), {
    code: 'SECRET_UNREADABLE',
  })
})
