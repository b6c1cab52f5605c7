import { test } from 'tap'
import { bucketWarnings } from '../../src/app/bucket-warnings.ts'
import { formatHttpEndpoint } from '../../src/config/formats.ts'
import { parsedConfig } from '../support/relay-in-process.ts'
import { S3Server } from '../support/s3-server.ts'

test('the buckets of sources with an rpo are asked, and no others', async (t) => {
  const server = await S3Server.start(t)
  server.lifecycle =
    '<Rule><ID>short</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule>'
  const source = {
    type: 's3' as const,
    bucket: 'logs',
    endpoint: formatHttpEndpoint(server.endpoint),
    path_style: true,
    credentials: { access_key_id: 'id', secret_access_key: 'key' },
  }
  const pipelines = (rpo: string) => ({
    trail: { source: { ...source, rpo }, sinks: ['out'] },
    other: { source: { type: 'syslog' as const, port: 0 }, sinks: ['out'] },
  })
  const config = (rpo: string) => parsedConfig('/nowhere', { sinks: { out: { type: 'file' } }, pipelines: pipelines(rpo) })
  t.match(await bucketWarnings(config('3d')), [{ pipeline: 'trail', message: /the bucket logs deletes objects after 1 day/ }])
  const asked = server.requests.length
  t.same(await bucketWarnings(config('off')), [])
  t.equal(server.requests.length, asked)
})
