import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { BucketBook } from '../support/bucket-book.ts'
import { BucketRelay } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketUpload } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'check and the start warn of a lifecycle rule that deletes objects sooner than the rpo', run: warned },
]

async function warned(room: Room): Promise<string> {
  const server = await S3Server.start(room)
  const client = server.client()
  await new BucketUpload(client, 'short', new BucketBook()).createBucket()
  const rules = [
    { ID: 'others', Status: 'Enabled' as const, Filter: { Prefix: 'other/' }, Expiration: { Days: 1 } },
    { ID: 'tidy', Status: 'Enabled' as const, Filter: { Prefix: 'AWSLogs/' }, Expiration: { Days: 2 } },
  ]
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: 'short', LifecycleConfiguration: { Rules: rules } }))
  const start = (name: string, rpo: string) =>
    BucketRelay.start(room, { name, source: bucketSource(server, 'short', { prefix: 'AWSLogs/1234/', rpo }) })

  const relay = await start('relay-3d', '3d')
  const { level, pipeline, msg } = JSON.parse(await relay.untilLogged('lifecycle rule'))
  const wanted = 'the bucket short deletes objects after 2 days (lifecycle rule tidy), sooner than the rpo of 3d'
  if (level !== 'warn' || pipeline !== 'bucket' || !msg.startsWith(wanted)) throw new Error(`the log says ${level} "${msg}" of ${pipeline}`)
  const checked = (await relay.command('check')).toString()
  if (!checked.includes(`warning: pipelines.bucket.source.rpo: ${wanted}`)) throw new Error(`check says ${checked}`)

  // What the log would say by the time that a listing has ended.
  const content = await start('relay-2d', '2d')
  await content.until('a listing', ({ lastListedAtMs }) => lastListedAtMs !== undefined)
  const said = (await content.log()).find((line) => line.includes('lifecycle'))
  if (said !== undefined) throw new Error(`two days are enough, and the log says ${said}`)
  return `"${msg}"`
}
