import { test } from 'tap'
import { bucketChecks } from '../../conformance/bucket-conformance.ts'
import type { BucketSubject } from '../../conformance/bucket-subject.ts'
import { S3Server } from '../../support/s3-server.ts'

const credentials = { access_key_id: 'logrelay', secret_access_key: 'logrelay-secret' }

test('the S3 server of these tests does what a real one does', async (t) => {
  for (const { name, run } of bucketChecks) {
    await t.test(name, async (t) => {
      const createBucket: BucketSubject['createBucket'] = async () => {
        const server = await S3Server.start(t)
        server.pageSize = 50
        server.secrets.set(credentials.access_key_id, credentials.secret_access_key)
        const { host, port } = server.endpoint
        return {
          name: 'logs',
          endpoint: `http://${host}:${port}`,
          pageSize: server.pageSize,
          credentials,
          put: async (key, content) => {
            server.put(key, content)
          },
          delete: async (key) => {
            server.objects.delete(key)
          },
          expire: async ({ id, days, prefix }) => {
            server.lifecycle = `<Rule><ID>${id}</ID><Status>Enabled</Status><Filter><Prefix>${prefix}</Prefix></Filter><Expiration><Days>${days}</Days></Expiration></Rule>`
          },
        }
      }
      await run({ createBucket })
    })
  }
})
