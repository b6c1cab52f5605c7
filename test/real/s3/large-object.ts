import { once } from 'node:events'
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { BucketRelay } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'an object of 5 GiB of text, stored as gzip, and the relay is killed inside it', run: read, limitMs: 400_000 },
]

/** Of text in a part, which is a gzip member of more than S3's least 5 MiB. */
const partMiB = 64
const parts = 80
const mostMiB = 250

/** The queue is far smaller than the object, so that reading waits for the sink all the time. */
async function read(room: Room): Promise<string> {
  const server = await S3Server.start(room)
  const client = server.client()
  const part = lines(partMiB * 2 ** 20)
  const stored = await upload(client, gzipSync(part.text, { level: 1 }))
  const messages = part.count * parts
  const relay = await BucketRelay.start(room, {
    source: bucketSource(server, 'logs'),
    queue: { max_size: '64MiB' },
    sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${await dropAll(room)}`], retry: { initial: '100ms', max: '1s' } },
  })
  const begunMs = performance.now()
  await relay.until('a third to be read', ({ received }) => received > messages / 3, 300_000)
  await relay.kill()
  await relay.restart()
  const { received } = await relay.until('all to be read', ({ state, queued }) => state === 'idle' && queued === 0, 300_000)
  const seconds = (performance.now() - begunMs) / 1000
  if (received !== messages) throw new Error(`${received} messages were received, of ${messages}`)
  const peakMiB = await relay.peakMiB()
  if (peakMiB > mostMiB) throw new Error(`${peakMiB} MiB of memory were resident`)
  return `${Math.round(stored / 2 ** 20)} MiB stored, ${messages} messages, each received once through a kill, in ${seconds.toFixed(0)} s; ${peakMiB} MiB of memory at most`
}

/** Text of about so many bytes, in whole lines. */
function lines(bytes: number): { text: Buffer; count: number } {
  const all: string[] = []
  for (let size = 0; size < bytes; size += (all.at(-1) as string).length) {
    const number = all.length
    all.push(
      `2026-11-22T12:00:00Z host-${number % 97} app[${number % 9973}]: request ${number} of ${Math.imul(number, 2654435761) >>> 0} took ${number % 1009} ms\n`,
    )
  }
  return { text: Buffer.from(all.join('')), count: all.length }
}

/** An object of the same part again and again; returns its size. */
async function upload(client: S3Client, part: Buffer): Promise<number> {
  const object = { Bucket: 'logs', Key: 'large.log.gz' }
  await client.send(new CreateBucketCommand({ Bucket: object.Bucket }))
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
  const done: { ETag: string | undefined; PartNumber: number }[] = []
  for (let PartNumber = 1; PartNumber <= parts; PartNumber++) {
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body: part }))
    done.push({ ETag, PartNumber })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts: done } }))
  return part.length * parts
}

/** An upstream that reads and keeps nothing; returns its port. */
async function dropAll(room: Room): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  room.closing(async () => {
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
