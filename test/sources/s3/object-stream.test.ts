import { getEventListeners } from 'node:events'
import { type Test, test } from 'tap'
import { Bucket } from '../../../src/sources/s3/bucket.ts'
import { ObjectJob } from '../../../src/sources/s3/object-job.ts'
import { objectBytes } from '../../../src/sources/s3/object-stream.ts'
import { createS3Client } from '../../../src/sources/s3/s3-clients.ts'
import { s3Config } from '../../support/running-s3-source.ts'
import { S3Server } from '../../support/s3-server.ts'

const text = 'x'.repeat(1000)

/** The bytes of an object that was read up to `offset`, and the listeners that are left. */
async function bytesFrom(t: Test, offset: number, { size, packed }: { size: number; packed?: boolean }) {
  const server = await S3Server.start(t)
  const client = createS3Client(s3Config(server))
  t.teardown(() => client.destroy())
  const etag = server.put('a', text).etag.replaceAll('"', '')
  const object = { bucket: 'logs', key: 'a', etag, size, modifiedS: 5 }
  const job = new ObjectJob(object, { resume: { offset, messages: 1 }, ...(packed !== undefined && { packed }) })
  const { signal } = new AbortController()
  let read = ''
  for await (const piece of objectBytes(new Bucket(client, 'logs'), job, { signal, received: () => undefined })) read += piece
  return { read, listeners: getEventListeners(signal, 'abort').length, ranges: server.requests.map(({ range }) => range) }
}

test('what is plain is asked for from where it goes on', async (t) => {
  t.match(await bytesFrom(t, 400, { size: 1000, packed: false }), { read: text.slice(400), ranges: ['bytes=400-'] })
})

test('at the end of an object nothing is left, also where its size is not known', async (t) => {
  t.match(await bytesFrom(t, 1000, { size: 1000, packed: false }), { read: '', ranges: [] })
  t.match(await bytesFrom(t, 1000, { size: 0, packed: false }), { read: '', ranges: ['bytes=1000-'] })
})

test('whose kind nobody has looked at is looked at, and nothing of that look is left', async (t) => {
  const { read, listeners, ranges } = await bytesFrom(t, 400, { size: 1000 })
  t.equal(read, text.slice(400))
  t.same(ranges, [undefined, 'bytes=400-'])
  t.equal(listeners, 0)
})
