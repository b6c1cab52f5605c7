import { writeFile } from 'node:fs/promises'
import { BucketBook } from '../support/bucket-book.ts'
import { textFormat } from '../support/bucket-formats.ts'
import { gzip, plain } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketTally, checkNothingSkipped } from '../support/bucket-tally.ts'
import { BucketUpload } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'the secret of a bucket is wrong, then corrected in its file', run: wrongSecret },
  { name: 'the bucket does not exist, then it does', run: noBucket },
  { name: 'the S3 server is killed in the middle of large objects, and comes back', run: serverKilled },
]

const count = 1000

async function wrongSecret(room: Room): Promise<string> {
  const { server, book, upload } = await bucket(room)
  await upload.put({ key: 'object', format: textFormat, packing: plain, count })
  const file = room.path('secret')
  await writeFile(file, 'not the secret\n')
  const source = bucketSource(server, 'logs', { credentials: { access_key_id: server.accessKeyId, secret_access_key: { file } } })
  const relay = await BucketRelay.start(room, { source })
  const words = await untilFailing(relay, 'SOURCE_DENIED', 'look at `credentials`')
  await writeFile(file, `${server.secretAccessKey}\n`)
  await untilRead(relay, book)
  return `/status said "${words}"; all ${count} messages arrived once`
}

async function noBucket(room: Room): Promise<string> {
  const { server, book } = await bucket(room)
  const relay = await BucketRelay.start(room, { source: bucketSource(server, 'later') })
  const words = await untilFailing(relay, 'SOURCE_NOT_FOUND', 'look at `bucket`')
  const upload = new BucketUpload(server.client(), 'later', book)
  await upload.createBucket()
  await upload.put({ key: 'object', format: textFormat, packing: plain, count })
  await untilRead(relay, book)
  return `/status said "${words}"; all ${count} messages arrived once`
}

/** What is plain is asked for from where it stood, what is compressed from its beginning: the bytes that were fetched tell. */
async function serverKilled(room: Room): Promise<string> {
  const { server, book, upload } = await bucket(room)
  for (const name of ['1', '2', '3']) await upload.put({ key: name, format: textFormat, packing: plain, count: 40_000, length: 1000 })
  const plainBytes = upload.bytes
  await upload.put({ key: '4', format: textFormat, packing: gzip, count: 40_000, length: 1000 })
  const relay = await BucketRelay.start(room, { source: bucketSource(server, 'logs') })
  await relay.until('some messages', ({ received }) => received > book.messages / 10)
  await server.kill()
  const words = await untilFailing(relay, 'SOURCE_UNREACHABLE', '')
  const { received } = await relay.view()
  if (received === book.messages) throw new Error('everything was received before the server was killed')
  await server.restart()
  const { bytes } = await untilRead(relay, book)
  const again = bytes - upload.bytes
  // What was read and not stored when the connections broke, of each object.
  const mostAgain = upload.bytes - plainBytes + 4 * 2 ** 20
  if (again > mostAgain) throw new Error(`${again} bytes were fetched again`)
  return `killed with ${received} of ${book.messages} messages received; /status said "${words}"; all arrived once, ${again} of ${bytes} bytes were fetched twice`
}

async function bucket(room: Room) {
  const server = await S3Server.start(room)
  const book = new BucketBook()
  const upload = new BucketUpload(server.client(), 'logs', book)
  await upload.createBucket()
  return { server, book, upload }
}

/** Answers what a person reads on /status. */
async function untilFailing(relay: BucketRelay, code: string, hint: string): Promise<string> {
  const wanted = ({ state, error, failingSinceMs, retryAtMs }: BucketView) =>
    state === 'backing_off' &&
    error?.code === code &&
    error.message.includes(hint) &&
    failingSinceMs !== undefined &&
    retryAtMs !== undefined
  const { error } = await relay.until(`the source to fail with ${code}`, wanted)
  await relay.untilLogged(code)
  return error?.message ?? ''
}

/** Until the relay says that it is well again and has read all of the bucket; each message arrived once. */
async function untilRead(relay: BucketRelay, book: BucketBook): Promise<BucketView> {
  const view = await relay.until(
    'everything to be read',
    ({ received, queued, state, error }) => received >= book.messages && queued === 0 && state === 'idle' && error === undefined,
  )
  await relay.untilLogged('works again')
  const tally = await new BucketTally(book).takeFile(relay.output)
  checkNothingSkipped(book, [tally])
  if (tally.extra > 0 || view.received !== book.messages)
    throw new Error(`${tally.extra} messages arrived again, ${view.received} were received`)
  return view
}
