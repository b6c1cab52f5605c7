import { BucketBook } from '../support/bucket-book.ts'
import { cloudtrailFormat } from '../support/bucket-formats.ts'
import { gzip } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketTally, checkNothingSkipped, repeatedIn } from '../support/bucket-tally.ts'
import { BucketUpload, type ObjectPlan } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'

export const scenarios: readonly Scenario[] = [{ name: 'a relay stands still until its claims are taken over, and goes on', run: stalled }]

const concurrency = 4
/** A chunk, and what of the last piece that was read goes beyond it. */
const mostRepeatedBytes = 768 * 1024

/**
 * As a virtual machine that is paused: the relay does not know that time has passed, and believes that the objects in its hand are its own.
 * What is then read twice it counts itself, exactly, for it lives to see who has taken them.
 */
async function stalled(room: Room): Promise<string> {
  const server = await S3Server.start(room)
  const book = new BucketBook()
  const upload = new BucketUpload(server.client(), 'shared', book)
  await upload.createBucket()
  await upload.putAll(plans())
  const source = bucketSource(server, 'shared', { concurrency, claims: { timeout: '1s' } })
  const start = (name: string) => BucketRelay.start(room, { name, source })
  const stalling = await start('relay-1')
  await stalling.until('some messages', ({ received }) => received > 0)
  stalling.signal('SIGSTOP')
  const other = await start('relay-2')
  await other.until('all else to be read', ({ completed, waiting, reading }) => completed > 0 && waiting === 0 && reading === 0)
  stalling.signal('SIGCONT')
  const nothingLeft = ({ queued, waiting, reading }: BucketView) => queued === 0 && waiting === 0 && reading === 0
  const relays = [stalling, other]
  const views = await Promise.all(relays.map((relay) => relay.until('nothing to be left', nothingLeft)))

  const tallies = await Promise.all(relays.map((relay) => new BucketTally(book).takeFile(relay.output)))
  checkNothingSkipped(book, tallies)
  const twice = tallies.find(({ extra }) => extra > 0)
  if (twice !== undefined) throw new Error(`${twice.extra} messages arrived twice from one relay`)
  const repeated = repeatedIn(book, tallies)
  const most = repeated.find(({ bytes }) => bytes > mostRepeatedBytes)
  if (most !== undefined) throw new Error(`${most.messages} messages (${most.bytes} bytes) of ${most.object.key} arrived twice`)
  const messages = repeated.reduce((sum, one) => sum + one.messages, 0)
  const counted = views.reduce((sum, { repeatedMessages }) => sum + repeatedMessages, 0)
  if (counted !== messages) throw new Error(`${messages} messages arrived twice, and ${counted} were counted`)
  return [
    `${book.messages} messages, all arrived; ${views.map(({ received }) => received).join(' and ')} at each relay`,
    `${views[1]?.takenOver} objects were taken over, ${messages} messages of ${repeated.length} of them arrived twice, as counted`,
  ].join('; ')
}

function* plans(): Generator<ObjectPlan> {
  for (let i = 0; i < 20; i++) yield { key: `${i}.json`, format: cloudtrailFormat, packing: gzip, count: 5000, length: 500 }
}
