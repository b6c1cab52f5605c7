import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { test } from 'tap'
import { messagesOf } from '../../src/batch/messages.ts'
import type { Batch, Origin } from '../../src/core/batch.ts'
import type { AppendOptions, Intake, Receipt } from '../../src/core/intake.ts'
import { batchBytes, Collector } from '../../src/sources/collector.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const origin: Origin = { peer: '192.0.2.1', port: 1, transport: 'relp' }

/** Takes or refuses as it is told, and stores and fsyncs in any order. */
class MoodyIntake implements Intake {
  full = false
  broken = false
  /** What each message has become. */
  readonly durable = new Set<string>()
  readonly given = new Set<string>()
  dropped = 0
  readonly #pending: (() => void)[] = []
  #rooms: (() => void)[] = []

  async deadLetter(): Promise<void> {}

  append(batch: Batch, { last = false }: AppendOptions = {}): Receipt | 'full' {
    if (this.broken) throw new Error('closed')
    if (this.full && !last) return 'full'
    const texts = [...messagesOf(batch)].map(({ bytes }) => bytes.toString('latin1').trimEnd())
    for (const text of texts) this.given.add(text)
    const stored = new Promise<void>((resolve) => this.#pending.push(resolve))
    const durable = new Promise<void>((resolve) => {
      this.#pending.push(() => {
        for (const text of texts) this.durable.add(text)
        resolve()
      })
    })
    return { stored, durable: () => durable }
  }

  drop(_reason: string, _transport: string, messages: number): void {
    this.dropped += messages
  }

  async checkpoint(): Promise<undefined> {}

  room(signal: AbortSignal): Promise<void> {
    if (!this.full || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#rooms.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  empty(): void {
    this.full = false
    for (const resolve of this.#rooms.splice(0)) resolve()
  }

  settle(which: number): void {
    const [settle] = this.#pending.length === 0 ? [] : this.#pending.splice(which % this.#pending.length, 1)
    settle?.()
  }

  settleAll(): void {
    for (const settle of this.#pending.splice(0)) settle()
  }
}

/** What waits for a message, how often it was told, and whether ever too early. */
interface Waiter {
  readonly text: string
  calls: number
  early: boolean
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), size: fc.constantFrom(8, 100, batchBytes / 2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('turn' as const, 'wait' as const, 'empty' as const, 'fill' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('break' as const, 'mend' as const) }) },
)

test('who waits for a message is told once, when it is durable, and never when it was given up', async (t) => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, patient) => {
    const intake = new MoodyIntake()
    const collector = new Collector({ intake, logger: new RecordingLogger(), onRelief: () => {} })
    const waiters: Waiter[] = []
    const write = (size: number) => {
      const waiter = { text: `${waiters.length}`, calls: 0, early: false }
      const bytes = Buffer.from(waiter.text.padEnd(size))
      collector.writer.from(origin, 0)
      const at = collector.writer.put(bytes, 0, bytes.length)
      collector.writer.message(at, at + bytes.length, 0)
      waiters.push(waiter)
      collector.whenDurable(() => {
        waiter.calls++
        waiter.early ||= !intake.durable.has(waiter.text)
      })
      collector.wrote()
    }
    for (const one of steps) {
      if (one.kind === 'write') write(one.size)
      else if (one.kind === 'settle') intake.settle(one.which)
      else if (one.kind === 'turn') await turn()
      else if (one.kind === 'wait') await wait(6)
      else if (one.kind === 'empty') intake.empty()
      else if (one.kind === 'fill') intake.full = true
      else intake.broken = one.kind === 'break'
    }
    const deadline = new AbortController()
    const stopped = collector.stop(deadline.signal)
    if (patient) {
      const settling = setInterval(() => intake.settleAll(), 0)
      await stopped
      clearInterval(settling)
    } else deadline.abort()
    await stopped
    intake.settleAll()
    await turn()
    for (const { text, calls, early } of waiters) {
      if (early) throw new Error(`${text} was told before it was durable`)
      if (calls !== (intake.given.has(text) ? 1 : 0)) throw new Error(`${text} was told ${calls} times`)
    }
    return intake.given.size + intake.dropped === waiters.length
  })
  await t.resolves(fc.assert(property, { numRuns: 300 }))
})

test('where nothing was written there is nothing to wait for', (t) => {
  const collector = new Collector({ intake: new MoodyIntake(), logger: new RecordingLogger(), onRelief: () => {} })
  let told = false
  collector.whenDurable(() => {
    told = true
  })
  t.ok(told)
  t.end()
})
