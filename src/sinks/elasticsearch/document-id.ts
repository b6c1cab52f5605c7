import { createHash } from 'node:crypto'
import type { Seq } from '../../core/batch.ts'

/** Digits that any number of a message has in base 36. */
const seqDigits = 11
/** 128 bits in base64url. */
const queueDigits = 22

/**
 * Names documents: 34 characters that need no escape anywhere, the same for a message whenever it is sent. Ids of a queue ascend with its messages,
 * so that a store which looks for an id that is not there need not read what it has written before.
 */
export function documentIds(): (queueId: string, seq: Seq) => string {
  let kept: string | undefined
  let prefix = ''
  return (queueId, seq) => {
    if (queueId !== kept) {
      prefix = shortQueueId(queueId)
      kept = queueId
    }
    return `${prefix}-${seq.toString(36).padStart(seqDigits, '0')}`
  }
}

/** A queue's id is a UUID; whatever else it may be becomes as long. */
function shortQueueId(queueId: string): string {
  const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(queueId)
  const bytes = uuid ? Buffer.from(queueId.replaceAll('-', ''), 'hex') : createHash('sha256').update(queueId).digest()
  return bytes.toString('base64url').slice(0, queueDigits)
}
