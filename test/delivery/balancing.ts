import type { SeqRange, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'
import type { Timer } from '../../src/delivery/alarm.ts'
import { BalancedSink } from '../../src/delivery/balanced-sink.ts'
import type { Balance } from '../../src/delivery/choose-member.ts'
import { bindTcpState } from '../../src/native/tcp-state.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { SyslogStreamEndpoint } from '../../src/sinks/syslog-stream-endpoint.ts'
import type { FormatMessage } from '../../src/syslog/formatter.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { numberedMessages, seqsOf, storedBatch } from '../support/sink-batches.ts'
import type { StreamReceiver } from '../support/sink-receiver.ts'
import { ScriptedSink } from '../support/sink-scripted.ts'

export const never = new AbortController().signal

/** A clock with one timer, which both stand still until told. */
export class Clock {
  ms = 1_000_000
  #atMs = Number.POSITIVE_INFINITY
  #run: () => void = () => {}

  /** When the timer rings: Infinity while it is not set. */
  get timerAtMs(): number {
    return this.#atMs
  }

  readonly timer: Timer = (run, afterMs) => {
    if (this.#atMs !== Number.POSITIVE_INFINITY) throw new Error('a second timer')
    this.#atMs = this.ms + afterMs
    this.#run = run
    return () => {
      this.#atMs = Number.POSITIVE_INFINITY
    }
  }

  /** Lets time pass, as the timer would see it. */
  pass(ms: number): void {
    const until = this.ms + ms
    while (this.#atMs <= until) {
      this.ms = this.#atMs
      this.#atMs = Number.POSITIVE_INFINITY
      this.#run()
    }
    this.ms = until
  }
}

/** Back-offs of 500, 1000, 2000 and 4000 ms. */
export function balanced(balance: Balance, ...sinks: ScriptedSink[]) {
  const clock = new Clock()
  const logger = new RecordingLogger()
  const endpoints = sinks.map((sink) => ({ sink, backoff: new Backoff({ initialMs: 1000, maxMs: 8000 }, () => 0) }))
  const sink = new BalancedSink(endpoints, { balance, sendTimeoutMs: 30_000, logger, now: () => clock.ms, timer: clock.timer })
  return { clock, logger, sink }
}

/** A real one, over TCP. */
export function streamEndpoint(
  { port }: StreamReceiver,
  logger: RecordingLogger,
  format: FormatMessage | 'raw' = 'raw',
): SyslogStreamEndpoint {
  return new SyslogStreamEndpoint(
    { scheme: 'tcp', host: '127.0.0.1', port },
    {
      framing: 'octet-counting',
      line_feeds: 'escape',
      tls: { verify: true, min_version: 'TLSv1.2' },
      connect_timeout: 10_000,
      max_connection_age: 0,
      max_unsettled_bytes: 2 ** 27,
    },
    { format, logger, readTcpState: bindTcpState() },
  )
}

export function scripted<const Names extends readonly string[]>(...names: Names): { [Key in keyof Names]: ScriptedSink } {
  return names.map((name) => new ScriptedSink(name)) as { [Key in keyof Names]: ScriptedSink }
}

export const batchOf = (from: number, count = 1): StoredBatch => storedBatch(numberedMessages(count), { seqs: [[from, from + count - 1]] })

export const down = (name: string): Outcome => ({
  delivered: [],
  rejected: [],
  retry: { error: new RelayError('ENDPOINT_UNREACHABLE', `${name} refused`) },
})

export function seqs(batch: StoredBatch): number[] {
  return seqsOf(batch.seqs)
}

/** Leaves the next send to this endpoint open, until it is answered or the endpoint is given up. */
export function hold(sink: ScriptedSink) {
  const answer = Promise.withResolvers<Outcome>()
  let batch: StoredBatch | undefined
  sink.answers.push((sent) => {
    batch = sent
    return answer.promise
  })
  const before = sink.onGiveUp
  sink.onGiveUp = (error) => {
    before(error)
    answer.resolve({ delivered: [], rejected: [], retry: { error } })
  }
  return {
    answer: answer.resolve,
    deliver: () => answer.resolve({ delivered: batch?.seqs ?? [], rejected: [] }),
  }
}

/** The next send to this endpoint is answered at once; the fate of its messages is open until told, or until it is given up. */
export function leaveOpen(sink: ScriptedSink) {
  const fate = Promise.withResolvers<Omit<Outcome, 'unsettled'>>()
  let named: readonly SeqRange[] = []
  sink.answers.push(async (sent) => {
    named = sent.seqs
    return { delivered: [], rejected: [], unsettled: { seqs: sent.seqs, outcome: fate.promise } }
  })
  const before = sink.onGiveUp
  sink.onGiveUp = (error) => {
    before(error)
    fate.resolve({ delivered: [], rejected: [], retry: { error } })
  }
  return {
    read: () => fate.resolve({ delivered: named, rejected: [] }),
    lost: (outcome: Outcome) => fate.resolve(outcome),
  }
}
