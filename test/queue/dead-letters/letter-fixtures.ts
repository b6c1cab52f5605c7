import type { StoredBatch } from '../../../src/core/batch.ts'
import type { DeadLetter, DeadLetters } from '../../../src/core/dead-letter.ts'
import { RelayError } from '../../../src/core/errors.ts'
import type { Queue } from '../../../src/core/queue.ts'
import { batchOf, never } from '../queue-fixtures.ts'

export const tooLarge = new RelayError('MESSAGE_TOO_LARGE', 'too large')

/** A stored batch of messages numbered from 0 on. */
export function numberedBatch(count: number): StoredBatch {
  return { ...batchOf(Array.from({ length: count }, (_, i) => `message ${i}`)), queueId: 'id', seqs: [[0, count - 1]] }
}

export async function lettersOf(letters: Pick<DeadLetters, 'read'>, sink: string, from = 0): Promise<DeadLetter[]> {
  const found: DeadLetter[] = []
  for await (const letter of letters.read(sink, from, never)) found.push(letter)
  return found
}

export async function seqsOf(letters: Pick<DeadLetters, 'read'>, sink: string): Promise<number[]> {
  return (await lettersOf(letters, sink)).map(({ seq }) => seq)
}

/** Leases what waits for the sink, rejects these and delivers the others. */
export async function rejectAll(queue: Queue, sink: string, rejected: readonly number[], error = tooLarge): Promise<void> {
  const lease = await queue.reader(sink).lease(2 ** 20, never)
  if (lease === undefined) throw new Error('no lease')
  const seqs = lease.batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
  const delivered = seqs.filter((seq) => !rejected.includes(seq)).map((seq) => [seq, seq] as const)
  await lease.settle(
    delivered,
    rejected.map((seq) => ({ seqs: [seq, seq], error })),
  )
  lease.release()
}
