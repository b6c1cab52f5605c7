import type { QueueStatus } from '../../../src/core/queue.ts'
import { BucketBook } from '../support/bucket-book.ts'
import { bucketFormats } from '../support/bucket-formats.ts'
import { bucketPackings } from '../support/bucket-packings.ts'
import { BucketRelay, type BucketView } from '../support/bucket-relay.ts'
import { bucketSource } from '../support/bucket-source.ts'
import { BucketTally, checkNothingSkipped, type Repeated, repeatedIn } from '../support/bucket-tally.ts'
import { BucketUpload, type ObjectPlan } from '../support/bucket-upload.ts'
import type { Room } from '../support/room.ts'
import { S3Server } from '../support/s3-server.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'three relays share a bucket by claims, two are killed', run: killed, limitMs: 180_000 },
]

const objects = 600
const concurrency = 4
/** A chunk for each kill: half a mebibyte, and what of the last piece that was read (a quarter at most) goes beyond it. */
const mostRepeatedBytes = 2 * 768 * 1024
/** Parts of all messages that are received when a relay is killed. */
const firstKill = 0.2
const secondKill = 0.5
const patienceMs = 90_000

/**
 * One relay is killed and started again when others have taken over what it read; one is killed and stays so: what it had read is on
 * its disk, where it is looked up at the end. What arrived at two relays was read again after a kill, and each kill may cost one chunk
 * of each object in hand.
 */
async function killed(room: Room): Promise<string> {
  const server = await S3Server.start(room)
  const book = new BucketBook()
  const upload = new BucketUpload(server.client(), 'shared', book)
  await upload.createBucket()
  await upload.putAll(plans())

  const source = bucketSource(server, 'shared', { concurrency, claims: { timeout: '2s' } })
  const relays = await Promise.all(['relay-1', 'relay-2', 'relay-3'].map((name) => BucketRelay.start(room, { name, source })))
  const [returning, leaving, staying] = relays as [BucketRelay, BucketRelay, BucketRelay]

  const first = await killAt(returning, relays, firstKill * book.messages)
  const takenOver = await untilTakenOver([leaving, staying])
  const second = await killAt(leaving, [leaving, staying], secondKill * book.messages - first.received)
  await returning.restart()
  const alive = [returning, staying]
  const inQueue = await receivedInAll(leaving)
  await until('the rest to be read', async () => (await receivedBy(alive)) + inQueue >= book.messages, patienceMs)
  const nothingLeft = ({ queued, waiting, reading }: BucketView) => queued === 0 && waiting === 0 && reading === 0
  const last = await Promise.all(alive.map((relay) => relay.until('nothing to be left', nothingLeft, patienceMs)))
  await Promise.all(alive.map((relay) => relay.stop()))

  const tallies = await Promise.all(relays.map((relay) => new BucketTally(book).takeFile(relay.output, { kills: 1 })))
  tallies[1]?.takeLines(await leaving.command('queue', 'bucket', '--messages', '--raw', '--limit', '1000000'))
  checkNothingSkipped(book, tallies)
  await checkNoneTwice(relays, tallies)
  const repeated = checkRepeated(repeatedIn(book, tallies), first.reading + second.reading)
  const [, stayed] = last
  return [
    `${book.objects.length} objects, ${book.messages} messages, all arrived; each relay has ${tallies.map(({ distinct }) => distinct).join(', ')} of them`,
    `killed with ${first.reading} and ${second.reading} objects in hand, ${takenOver} and then ${stayed?.takenOver} were taken over`,
    repeated,
  ].join('; ')
}

/** A relay has no message twice in its own queue. */
async function checkNoneTwice(relays: readonly BucketRelay[], tallies: readonly BucketTally[]): Promise<void> {
  for (const [i, relay] of relays.entries()) {
    const received = await receivedInAll(relay)
    const { distinct } = tallies[i] as BucketTally
    if (received !== distinct) throw new Error(`${relay.name} received ${received} messages, which are ${distinct} different ones`)
  }
}

/** What the queue of a relay that does not run has stored in its lives. */
async function receivedInAll(relay: BucketRelay): Promise<number> {
  return (JSON.parse((await relay.command('queue', 'bucket', '--json')).toString()).bucket as QueueStatus).nextSeq
}

function checkRepeated(repeated: readonly Repeated[], inHand: number): string {
  const most = repeated.find(({ bytes }) => bytes > mostRepeatedBytes)
  if (most !== undefined) throw new Error(`${most.messages} messages (${most.bytes} bytes) of ${most.object.key} arrived twice`)
  if (repeated.length > inHand) throw new Error(`of ${repeated.length} objects messages arrived twice, where ${inHand} were in hand`)
  const words = repeated.map(({ object, messages }) => `${messages} of ${object.count}`)
  return `${repeated.reduce((sum, { messages }) => sum + messages, 0)} messages arrived twice${words.length === 0 ? '' : ` (${words.join(', ')})`}`
}

/** Waits until these relays have received so many messages, and kills one of them while it reads. */
async function killAt(victim: BucketRelay, among: readonly BucketRelay[], received: number): Promise<BucketView> {
  await until(`${Math.ceil(received)} messages to be received`, async () => (await receivedBy(among)) >= received, patienceMs)
  const view = await victim.until('it to read', ({ reading }) => reading > 1)
  await victim.kill()
  return view
}

async function receivedBy(relays: readonly BucketRelay[]): Promise<number> {
  const views = await Promise.all(relays.map((relay) => relay.view()))
  return views.reduce((sum, { received }) => sum + received, 0)
}

/** Waits until they have taken over an object of the dead relay, and answers how many. */
async function untilTakenOver(relays: readonly BucketRelay[]): Promise<number> {
  return await until('an object of the dead relay to be taken over', async () => {
    const views = await Promise.all(relays.map((relay) => relay.view()))
    return views.reduce((sum, { takenOver }) => sum + takenOver, 0) || undefined
  })
}

/** One of twelve is of some MB, which are several chunks. */
function* plans(): Generator<ObjectPlan> {
  for (let i = 0; i < objects; i++) {
    const format = bucketFormats[i % bucketFormats.length] as ObjectPlan['format']
    const packing = bucketPackings[Math.floor(i / bucketFormats.length) % bucketPackings.length] as ObjectPlan['packing']
    yield { key: `2026/11/21/${i}.log`, format, packing, count: i % 12 === 0 ? 4000 : 60, length: 600 }
  }
}
