import { BucketBook } from '../support/bucket-book.ts'
import { bucketFormats, cloudtrailFormat, textFormat } from '../support/bucket-formats.ts'
import { bucketPackings, gzip, plain, zstd } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketTally, checkNothingSkipped } from '../support/bucket-tally.ts'
import { BucketUpload, type ObjectPlan } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a bucket of 2,000 objects of all formats is read with kills', run: killed, limitMs: 240_000 },
]

const objects = 2000
/** Parts of all messages that are received when the relay is killed. */
const kills = [0.08, 0.25, 0.45, 0.65, 0.85]
const mostMiB = 350

/**
 * The file sink gets messages again after a kill (at least once); the queue must not. That it did not follows from two figures: every
 * message has come out of the queue, and the ledger counts as many as there are.
 */
async function killed(room: Room): Promise<string> {
  const server = await S3Server.start(room)
  const book = new BucketBook()
  const upload = new BucketUpload(server.client(), 'logs', book)
  await upload.createBucket()
  await upload.putAll(plans())
  await upload.putBytes(
    'm/columns.parquet',
    Buffer.concat([Buffer.from('PAR1\x15\x04\x15\x00'), Buffer.alloc(4096, 7), Buffer.from('PAR1')]),
  )
  const letters = book.broken.length + 1
  const sizes = `${upload.bytes >> 20} MiB stored`

  const begunMs = performance.now()
  const source = bucketSource(server, 'logs', { max_object_tries: 2 })
  const relay = await BucketRelay.start(room, { source })
  for (const [i, part] of kills.entries()) {
    await relay.until('some messages', ({ received }) => received >= part * book.messages)
    // These sort before what was read: one third while the relay lists, the others while it does not run.
    await upload.putAll(latePlans(`a/late/${i}/running`, 5))
    await relay.kill()
    await upload.putAll(latePlans(`a/late/${i}/dead`, 5))
    await relay.restart()
  }
  const settled = ({ received, queued, waiting, reading }: BucketView) =>
    received >= book.promised && queued === 0 && waiting === 0 && reading === 0
  await relay.until('every object to be read', (view) => settled(view) && view.letters === letters, 120_000)
  const seconds = (performance.now() - begunMs) / 1000
  const listedAtMs = Date.now()
  await relay.until('two listings more', ({ lastListedAtMs = 0 }) => lastListedAtMs > listedAtMs + 1000)

  const { received, letters: lettersAtLast } = await relay.view()
  await relay.stop()
  const tally = await new BucketTally(book).takeFile(relay.output, { kills: kills.length })
  checkNothingSkipped(book, [tally])
  if (received !== tally.distinct) throw new Error(`${received} messages were received, which are ${tally.distinct} different ones`)
  if (lettersAtLast !== letters) throw new Error(`${lettersAtLast} dead letters in place of ${letters}`)
  await checkLetters(relay, [...book.broken.map(({ key }) => key), 'm/columns.parquet'])
  const peakMiB = await relay.peakMiB()
  if (peakMiB > mostMiB) throw new Error(`${peakMiB} MiB of memory were resident`)
  return [
    `${book.objects.length + 1} objects (${sizes}), ${book.messages} messages; ${received} received, each once, in ${seconds.toFixed(1)} s with ${kills.length} kills`,
    `${letters} objects are dead letters, ${book.messages - received} messages behind their damage`,
    `the file sink wrote ${tally.extra} again after kills`,
    `${peakMiB} MiB of memory at most`,
  ].join('; ')
}

/** In the order of their keys small and large ones are mixed, so that kills meet both. */
function* plans(): Generator<ObjectPlan> {
  for (let i = 0; i < objects; i++) {
    const format = bucketFormats[i % bucketFormats.length] as ObjectPlan['format']
    const packing = bucketPackings[Math.floor(i / bucketFormats.length) % bucketPackings.length] as ObjectPlan['packing']
    const key = `m/${String(Math.imul(i, 7919) % objects).padStart(4, '0')}-${format.name}`
    // One in fifty is of some MB; of the others every twentieth is empty.
    const large = i % 50 === 49
    const count = large ? 1000 + (i % 7) * 1000 : i % 20 === 0 ? 0 : i % 60
    yield { key, format, packing, count, length: large ? 600 : 200 + (i % 3) * 150 }
  }
  yield { key: 'm/0400-large', format: textFormat, packing: plain, count: 100_000, length: 500 }
  yield { key: 'm/1200-large', format: textFormat, packing: gzip, count: 100_000, length: 1000 }
  yield { key: 'm/1201-large', format: cloudtrailFormat, packing: zstd, count: 20_000, length: 1000 }
  const cut = (stored: Buffer) => stored.subarray(0, Math.floor(stored.length * 0.7))
  for (const packing of [gzip, zstd])
    for (const name of ['0100', '1000', '1900'])
      yield { key: `m/${name}-cut`, format: textFormat, packing, count: 3000, length: 300, damage: cut, whole: false }
  yield { key: 'm/0101-cut.json', format: cloudtrailFormat, packing: plain, count: 500, length: 300, damage: cut, whole: false }
  yield { key: 'm/0102-checksum', format: textFormat, packing: gzip, count: 500, length: 300, damage: withWrongChecksum, whole: false }
}

function* latePlans(key: string, count: number): Generator<ObjectPlan> {
  for (let i = 0; i < count; i++) yield { key: `${key}/${i}`, format: textFormat, packing: gzip, count: 50, length: 200 }
}

/** The last eight bytes of a gzip member are the CRC-32 and the length of its content (RFC 1952, 2.3.1). */
function withWrongChecksum(stored: Buffer): Buffer {
  const damaged = Buffer.from(stored)
  damaged[damaged.length - 8] = (damaged[damaged.length - 8] as number) ^ 1
  return damaged
}

async function checkLetters(relay: BucketRelay, keys: readonly string[]): Promise<void> {
  const printed = (await relay.command('deadletter', 'show', 'bucket', '--sink', '@source', '--limit', '100', '--raw')).toString()
  const found = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { key: string }).key)
  if (found.sort().join() !== [...keys].sort().join()) throw new Error(`the dead letters are ${found.join()} in place of ${keys.join()}`)
}
