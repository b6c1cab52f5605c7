import type { Test } from 'tap'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { countSeqs } from '../../src/batch/ranges.ts'
import type { Batch, Origin, SeqRange, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/sink.ts'

export const someOrigin: Origin = { peer: '192.0.2.7', port: 5140, transport: 'tcp' }

export interface BatchShape {
  /** How the messages lie in the batch: as a sender framed them, or with nothing between. */
  readonly lying?: 'bare' | 'newline' | 'octet-counting'
  readonly seqs?: readonly SeqRange[]
}

/** A stored batch of these messages, numbered from 0 unless told otherwise. */
export function storedBatch(messages: readonly (string | Buffer)[], { lying = 'bare', seqs }: BatchShape = {}): StoredBatch {
  const writer = new BatchWriter()
  writer.from(someOrigin, 1_700_000_000_000)
  for (const message of messages) {
    const bytes = Buffer.from(message)
    const count = Buffer.from(`${bytes.length} `)
    if (lying === 'octet-counting') writer.put(count, 0, count.length)
    const start = writer.put(bytes, 0, bytes.length)
    writer.message(start, start + bytes.length, 0)
    if (lying === 'newline') writer.put(Buffer.from('\n'), 0, 1)
  }
  const batch: Batch = writer.take() ?? emptyBatch
  return { ...batch, queueId: 'test', seqs: seqs ?? (messages.length === 0 ? [] : [[0, messages.length - 1]]) }
}

const emptyBatch: Batch = {
  bytes: Buffer.alloc(0),
  starts: new Uint32Array(0),
  ends: new Uint32Array(0),
  flags: new Uint8Array(0),
  origins: [],
  runStarts: new Uint32Array(0),
  runOrigins: new Uint32Array(0),
  runTimes: new Float64Array(0),
}

/** `<13>message 0 …` and so on, each about `length` bytes. */
export function numberedMessages(count: number, length = 80): string[] {
  return Array.from({ length: count }, (_, i) => `<13>message ${i} `.padEnd(length, 'x'))
}

/** The law of every outcome: ranges within the batch, in no other range, and all of it named unless there is a retry. */
export function checkOutcome(t: Test, batch: StoredBatch, outcome: Outcome): void {
  const all = batch.seqs.flatMap(([from, through]) => Array.from({ length: through - from + 1 }, (_, i) => from + i))
  const named = seqsOf([...outcome.delivered, ...outcome.rejected.map(({ seqs }) => seqs)])
  t.equal(new Set(named).size, named.length, 'no message is named twice')
  const members = new Set(all)
  t.ok(
    named.every((seq) => members.has(seq)),
    'what is named belongs to the batch',
  )
  if (outcome.retry === undefined) t.equal(named.length, all.length, 'without a retry every message is named')
  else t.ok(outcome.retry.error instanceof RelayError, 'a retry says why')
}

/** Every number in these ranges. */
export function seqsOf(ranges: readonly SeqRange[]): number[] {
  const seqs: number[] = []
  for (const [from, through] of ranges) for (let seq = from; seq <= through; seq++) seqs.push(seq)
  if (seqs.length !== countSeqs(ranges)) throw new Error('a range is upside down')
  return seqs
}
