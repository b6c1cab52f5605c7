import type { Message } from '../../batch/messages.ts'
import type { Origin } from '../../core/batch.ts'
import type { DeadLetter } from '../../core/dead-letter.ts'
import type { RelayError } from '../../core/errors.ts'
import { decodeRecord, encodeRecord } from '../records.ts'

/** As stored. Older versions kept `peer` and `transport` of the origin alone, and no `queueId`. */
type LetterRecord = Omit<DeadLetter, 'bytes' | 'origin' | 'queueId'> &
  Partial<Pick<DeadLetter, 'origin' | 'queueId'>> &
  Partial<Pick<Origin, 'peer' | 'transport'>> & { readonly bytes: string }

export interface NewLetter extends Pick<DeadLetter, 'seq' | 'sink' | 'queueId' | 'code' | 'reason' | 'rejectedAtMs'> {
  readonly message: Message
}

export function encodeLetter({ message, ...about }: NewLetter): Buffer {
  const { bytes, flags, origin, receivedAtMs } = message
  return encodeRecord({ ...about, receivedAtMs, origin, flags, bytes: bytes.toString('base64') })
}

/** Undefined when it is damaged. `queueId` is that of the queue, for letters that do not tell theirs. */
export function decodeLetter(value: Buffer, queueId: string): DeadLetter | undefined {
  const record = decodeRecord<LetterRecord>(value)
  if (record === undefined) return undefined
  const { peer = '', transport = 'tcp', ...letter } = record
  const origin = record.origin ?? { peer, port: 0, transport }
  return { queueId, ...letter, origin, bytes: Buffer.from(record.bytes, 'base64') }
}

/** The same letter with another reason; undefined when it is damaged. */
export function refusedAgain(value: Buffer, error: RelayError, nowMs: number): Buffer | undefined {
  const record = decodeRecord<LetterRecord>(value)
  return record && encodeRecord({ ...record, code: error.code, reason: error.message, rejectedAtMs: nowMs })
}
