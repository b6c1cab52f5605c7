import { checkLedger } from '../../test/real/support/check-ledger.ts'
import type { Room } from '../../test/real/support/room.ts'
import { until } from '../../test/real/support/until.ts'
import { memory, Watch } from '../load/process-usage.ts'
import { type Sent, send, Upstream, unlimited } from '../load/traffic.ts'
import { durable } from '../relays/logrelay.ts'
import type { RunningLogrelay } from '../relays/relay-under-test.ts'
import { inRoom, nextFirst, seconds, warmUpSeconds } from './measured-run.ts'

export interface BacklogResult {
  /** Bytes on disk when the backlog stood, and messages in it. */
  readonly bytes: number
  readonly messages: number
  /** Messages a second that the relay took: while all was delivered at once, on top of the whole backlog, and while that drained. */
  readonly intakeEmpty: number
  readonly intakeFull: number
  readonly intakeDraining: number
  /** Messages a second that reached the upstream meanwhile. */
  readonly drainRate: number
  /** From the start of the process until it was ready, with the backlog on disk. */
  readonly startSeconds: number
  readonly anonymousMiB: number
  readonly peakMiB: number
  readonly lost: number
}

/**
 * A relay whose upstream does not read until so many bytes wait on disk, which is then killed and started again, and whose upstream then reads
 * while more messages come. Each intake is measured flat out for so many seconds.
 */
export async function measureBacklog(bytes: number, secondsEach: number): Promise<BacklogResult> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const relay = await durable.start(room, { upstreamPort: upstream.port, format: 'rfc5424', maxQueueBytes: bytes * 4 })
    const intake = new Intake(room, relay)
    await intake.flood(warmUpSeconds)
    await upstream.finished(intake.sent, 5000)
    const intakeEmpty = await intake.flood(secondsEach)
    await upstream.finished(intake.sent, 5000)
    upstream.pause()
    while ((await relay.status()).queue.bytes < bytes) await intake.flood(2)
    const startSeconds = await relay.restart()
    const watch = new Watch(relay.pid)
    await intake.flood(warmUpSeconds)
    const intakeFull = await intake.flood(secondsEach)
    const { queue } = await relay.status()
    const before = await upstream.counts()
    upstream.resume()
    await until('the backlog to flow', async () => (await upstream.counts()).arrived > before.arrived, 60_000)
    const from = await upstream.counts()
    const intakeDraining = await intake.flood(secondsEach)
    const to = await upstream.counts()
    const drainRate = (to.arrived - from.arrived) / seconds(from.lastAt, to.lastAt)
    const { distinct } = await upstream.finished(intake.sent, 5000)
    watch.stop()
    const { peakMiB } = memory(relay.pid)
    await settled(relay, intake.sent)
    const rates = { intakeEmpty, intakeFull, intakeDraining, drainRate }
    const { bytes: stored, messages } = queue
    return { bytes: stored, messages, ...rates, startSeconds, anonymousMiB: watch.mostAnonymousMiB, peakMiB, lost: intake.sent - distinct }
  })
}

/** What is sent to the relay: every number once. */
class Intake {
  readonly #room: Room
  readonly #relay: RunningLogrelay
  #next = 0
  sent = 0

  constructor(room: Room, relay: RunningLogrelay) {
    this.#room = room
    this.#relay = relay
  }

  /** Sends flat out for so long, and answers with the messages a second that the relay received. */
  async flood(secondsLong: number): Promise<number> {
    const sent: Sent = await send(this.#room, this.#relay.port, {
      ...{ protocol: 'tcp', first: this.#next, messages: unlimited, seconds: secondsLong, rate: 0, connections: 4 },
    })
    this.#next = nextFirst(this.#next + sent.messages)
    this.sent += sent.messages
    const received = async () => (await this.#relay.status()).ledger.received.tcp === this.sent
    await until('the relay to receive what was sent', received)
    return sent.messages / seconds(sent.began, sent.ended)
  }
}

async function settled(relay: RunningLogrelay, sent: number): Promise<void> {
  await until('the relay to settle the backlog', async () => {
    const { ledger } = await relay.status()
    checkLedger(ledger)
    return ledger.sinks.upstream?.queued === 0 && ledger.sinks.upstream.received === sent
  })
}
