import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { BucketBook } from '../support/bucket-book.ts'
import { type BucketFormat, cloudtrailFormat, textFormat } from '../support/bucket-formats.ts'
import { gzip, plain, zstd } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketUpload } from '../support/bucket-upload.ts'
import { freePort } from '../support/free-port.ts'
import { OctetReceiver } from '../support/octet-receiver.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Delivery, Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a full queue pauses inside an object, and the relay is killed while it waits', run: paused },
  { name: 'an object is deleted after it was listed, put back, and read by a replay of its dead letter', run: deleted },
]

const maxQueueBytes = 2 ** 20
/** Chunks that were taken in one moment, when there was room for the first. */
const mostBeyond = 2 ** 20
const mostMiB = 250

/** As some write them: a record has several lines. */
const indented: BucketFormat = {
  ...cloudtrailFormat,
  message: (mark, text) => JSON.stringify(JSON.parse(cloudtrailFormat.message(mark, text)), null, 2),
}

/** Nobody listens at the upstream, so that the queue is full long before the first object ends. One object is read at a time, which keeps their order. */
async function paused(room: Room): Promise<Delivery> {
  const { upload, start, openUpstream } = await prepared(room)
  const sent = [
    await upload.put({ key: '1-large', format: textFormat, packing: plain, count: 60_000, length: 500 }),
    await upload.put({ key: '2-records', format: indented, packing: gzip, count: 2000 }),
    await upload.put({ key: '3-large', format: textFormat, packing: zstd, count: 20_000, length: 500 }),
  ].flat()
  const relay = await start()
  const before = await relay.until('the source to be paused', (view) => isFull(view) && view.reading === 1)
  await relay.kill()
  await relay.restart()
  const after = await relay.until('the source to be paused again', isFull)
  if (after.received < before.received)
    throw new Error(`${before.received} messages were received before the kill, ${after.received} after it`)
  if (after.queueBytes > maxQueueBytes + mostBeyond) throw new Error(`${after.queueBytes} bytes are in the queue`)
  const upstream = await openUpstream()
  const idle = ({ received, queued, state }: BucketView) => received >= sent.length && queued === 0 && state === 'idle'
  const { received } = await relay.until('all to be read', idle)
  const peakMiB = await relay.peakMiB()
  if (peakMiB > mostMiB) throw new Error(`${peakMiB} MiB of memory were resident`)
  const note = `paused with ${after.received} received, which were ${after.queueBytes} bytes; ${received} received in the end; ${peakMiB} MiB of memory at most`
  return { sent: sent.map((message) => Buffer.from(message)), arrived: upstream.messages, note }
}

/** Deleted while the queue is full and the object waits: nobody can read it, until it is there again and somebody says so. */
async function deleted(room: Room): Promise<Delivery> {
  const { client, upload, start, openUpstream } = await prepared(room)
  const large = await upload.put({ key: '1-large', format: textFormat, packing: plain, count: 20_000, length: 500 })
  const object = { key: '2-deleted', format: textFormat, packing: plain, count: 100 }
  const messages = await upload.put(object)
  const last = await upload.put({ key: '3-last', format: textFormat, packing: gzip, count: 100 })
  const relay = await start()
  await relay.until('the source to be paused', (view) => isFull(view) && view.reading === 1 && view.waiting === 2)
  await client.send(new DeleteObjectCommand({ Bucket: 'logs', Key: object.key }))
  const upstream = await openUpstream()
  await relay.until('the object to be a dead letter, and the others to be read', ({ letters, state }) => letters === 1 && state === 'idle')
  const shown = (await relay.command('deadletter', 'show', 'bucket')).toString()
  if (!shown.includes(object.key)) throw new Error(`the dead letter is ${shown}`)
  await upload.putBytes(object.key, Buffer.from(object.format.object(messages)))
  await relay.command('deadletter', 'replay', 'bucket', '--sink', '@source')
  await relay.until(
    'it to be read',
    ({ letters, received, queued }) => letters === 0 && received > large.length + last.length && queued === 0,
  )
  const sent = [...large, ...last, ...messages].map((message) => Buffer.from(message))
  return { sent, arrived: upstream.messages, note: 'the deleted one after its dead letter was replayed' }
}

const isFull = ({ state, condition }: BucketView) => state === 'paused' && condition === 'full'

async function prepared(room: Room) {
  const server = await S3Server.start(room)
  const client = server.client()
  const upload = new BucketUpload(client, 'logs', new BucketBook())
  await upload.createBucket()
  const port = await freePort()
  const start = () =>
    BucketRelay.start(room, {
      source: bucketSource(server, 'logs', { concurrency: 1, max_object_tries: 1 }),
      queue: { max_size: maxQueueBytes },
      sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${port}`], retry: { initial: '100ms', max: '1s' } },
    })
  return { client, upload, start, openUpstream: () => OctetReceiver.open(room, port) }
}
