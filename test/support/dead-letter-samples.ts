import type { DeadLetter } from '../../src/core/dead-letter.ts'
import { origin } from '../queue/queue-fixtures.ts'

/** A dead letter of `siem`, each with a sender and a time of its own. */
export function sampleLetter(seq: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    seq,
    sink: 'siem',
    queueId: 'q',
    code: 'MESSAGE_TOO_LARGE',
    reason: `${seq} bytes are too many`,
    rejectedAtMs: 2000 + seq,
    receivedAtMs: 1000 + seq,
    origin: { ...origin, port: seq },
    flags: 0,
    bytes: Buffer.from(`message ${seq}`),
    ...more,
  }
}

export function sampleLetters(...seqs: readonly number[]): DeadLetter[] {
  return seqs.map((seq) => sampleLetter(seq))
}
