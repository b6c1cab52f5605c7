import { type Event, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { BucketBook } from '../support/bucket-book.ts'
import { bucketFormats } from '../support/bucket-formats.ts'
import { bucketPackings } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketTally, checkNothingSkipped, repeatedIn } from '../support/bucket-tally.ts'
import { BucketUpload, type ObjectPlan } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { type SqsQueue, SqsServer } from '../support/sqs-server.ts'
import { until } from '../support/until.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'two relays share the notifications of a bucket by SQS, one is killed', run: killed, limitMs: 180_000 },
]

const objects = 200
const concurrency = 4
/** Those that are being read, and as many that were read and whose notification is being deleted. */
const mostRepeated = 2 * concurrency
const patienceMs = 90_000

/**
 * The bucket tells of its objects as they are put, by messages that moto writes as S3 does. The relay that is killed has notifications hidden, which
 * come back when `visibility_timeout` is over, and the other relay reads their objects from the beginning: without claims it knows nothing of
 * how far they were read.
 */
async function killed(room: Room): Promise<string> {
  const server = await SqsServer.start(room)
  const queue = await server.createQueue('told')
  const s3 = server.s3Client()
  const book = new BucketBook()
  const upload = new BucketUpload(s3, 'told', book)
  await upload.createBucket()
  const created = { QueueArn: queue.arn, Events: ['s3:ObjectCreated:*' as Event] }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: 'told', NotificationConfiguration: { QueueConfigurations: [created] } }),
  )

  const source = bucketSource(server, 'told', { concurrency, queue_url: queue.url, visibility_timeout: '3s' })
  const [dying, staying] = await Promise.all(
    ['relay-1', 'relay-2'].map((name) => BucketRelay.start(room, { name, source })) as [Promise<BucketRelay>, Promise<BucketRelay>],
  )
  const put = upload.putAll(plans())
  const inHand = await dying.until('some messages', ({ received, reading }) => received > 15_000 && reading > 1, patienceMs)
  await dying.kill()
  await put
  const sqs = server.client()
  await until('the queue to be empty', async () => (await messagesIn(sqs, queue)) === 0, patienceMs)
  const nothingLeft = ({ queued, waiting, reading }: BucketView) => queued === 0 && waiting === 0 && reading === 0
  const stayed = await staying.until('everything to be read', nothingLeft, patienceMs)
  // What it had stored is delivered in its second life.
  await dying.restart()
  const died = await dying.until('its queue to be empty', nothingLeft)
  await Promise.all([dying.stop(), staying.stop()])

  const tallies = await Promise.all([dying, staying].map((relay) => new BucketTally(book).takeFile(relay.output, { kills: 1 })))
  checkNothingSkipped(book, tallies)
  for (const [i, { received }] of [died, stayed].entries()) {
    const { distinct = 0 } = tallies[i] ?? {}
    if (received !== distinct) throw new Error(`relay-${i + 1} received ${received} messages, which are ${distinct} different ones`)
  }
  const repeated = repeatedIn(book, tallies)
  if (repeated.length > mostRepeated) throw new Error(`messages of ${repeated.length} objects arrived twice`)
  const words = repeated.map(({ object, messages }) => `${messages} of ${object.count}`)
  return [
    `${book.objects.length} objects, ${book.messages} messages, all arrived; each relay has ${died.received} and ${stayed.received} of them`,
    `the queue is empty`,
    `of ${repeated.length} objects messages arrived twice${words.length === 0 ? '' : ` (${words.join(', ')})`}, where ${inHand.reading} were in hand`,
  ].join('; ')
}

/** Also those that are hidden. */
async function messagesIn(sqs: SQSClient, { url }: SqsQueue): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] as const
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }))
  return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0)
}

function* plans(): Generator<ObjectPlan> {
  for (let i = 0; i < objects; i++) {
    const format = bucketFormats[i % bucketFormats.length] as ObjectPlan['format']
    const packing = bucketPackings[Math.floor(i / bucketFormats.length) % bucketPackings.length] as ObjectPlan['packing']
    // Keys as they are escaped in notifications.
    yield { key: `2026/11/21/a b+ü&${i}`, format, packing, count: i % 5 === 0 ? 3000 : 60, length: 600 }
  }
}
