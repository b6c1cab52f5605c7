import { CreateBucketCommand, DeleteObjectCommand, PutBucketLifecycleConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { bucketChecks } from '../conformance/bucket-conformance.ts'
import type { BucketSubject, TestBucket } from '../conformance/bucket-subject.ts'
import type { Room } from './support/room.ts'
import { runChecks } from './support/run-checks.ts'
import { S3Server } from './support/s3-server.ts'
import type { Scenario } from './support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a real S3 server does what the server of the tests does', run: conformance, limitMs: 180_000 },
]

async function conformance(room: Room): Promise<string> {
  return await runChecks(bucketChecks, subjectOf(await S3Server.start(room)))
}

function subjectOf(server: S3Server): BucketSubject {
  const client = server.client()
  let buckets = 0
  const createBucket = async (): Promise<TestBucket> => {
    const name = `check-${++buckets}`
    await client.send(new CreateBucketCommand({ Bucket: name }))
    return {
      name,
      endpoint: server.endpoint,
      pageSize: 1000,
      credentials: { access_key_id: server.accessKeyId, secret_access_key: server.secretAccessKey },
      put: async (Key, Body) => {
        await client.send(new PutObjectCommand({ Bucket: name, Key, Body, ContentLength: Buffer.byteLength(Body) }))
      },
      delete: async (Key) => {
        await client.send(new DeleteObjectCommand({ Bucket: name, Key }))
      },
      expire: async ({ id, days, prefix }) => {
        const rule = { ID: id, Status: 'Enabled' as const, Filter: { Prefix: prefix }, Expiration: { Days: days } }
        await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration: { Rules: [rule] } }))
      },
    }
  }
  return { createBucket }
}
