import { type Batch, MessageFlag, type Origin, type Seq, type StoredBatch, type Transport } from '../core/batch.ts'

/** One message seen through its batch. `bytes` is a view: copy it to keep it. */
export interface Message {
  readonly bytes: Buffer
  readonly flags: number
  readonly origin: Origin
  readonly receivedAtMs: number
}

/** Walks a batch message by message: for sinks that need fields. What only needs bytes reads the arrays. */
export function* messagesOf(batch: Batch): Generator<Message> {
  let run = -1
  let origin = batch.origins[0] as Origin
  let receivedAtMs = 0
  for (let i = 0; i < batch.ends.length; i++) {
    while (run + 1 < batch.runStarts.length && (batch.runStarts[run + 1] as number) <= i) {
      run++
      origin = batch.origins[batch.runOrigins[run] as number] as Origin
      receivedAtMs = batch.runTimes[run] as number
    }
    yield {
      bytes: batch.bytes.subarray(batch.starts[i], batch.ends[i]),
      flags: (batch.flags[i] as number) & ~MessageFlag.line,
      origin,
      receivedAtMs,
    }
  }
}

/** Messages by transport, for the ledger. */
export function countByTransport(batch: Batch): Partial<Record<Transport, number>> {
  const counts: Partial<Record<Transport, number>> = {}
  for (let r = 0; r < batch.runStarts.length; r++) {
    const end = r + 1 < batch.runStarts.length ? (batch.runStarts[r + 1] as number) : batch.ends.length
    const { transport } = batch.origins[batch.runOrigins[r] as number] as Origin
    counts[transport] = (counts[transport] ?? 0) + end - (batch.runStarts[r] as number)
  }
  return counts
}

/** The messages of a stored batch numbered `from` and above, or undefined when there are none; the bytes are shared. */
export function messagesFrom(batch: StoredBatch, from: Seq): StoredBatch | undefined {
  const first = batch.seqs[0]
  if (first !== undefined && first[0] >= from) return batch
  return selectMessages(batch, (seq) => seq >= from)
}

/** The messages of a stored batch that `wanted` keeps, or undefined when there are none; the bytes are shared. */
export function selectMessages(batch: StoredBatch, wanted: (seq: Seq) => boolean): StoredBatch | undefined {
  const kept: number[] = []
  const seqs: [Seq, Seq][] = []
  let index = 0
  for (const [first, last] of batch.seqs) {
    for (let seq = first; seq <= last; seq++, index++) {
      if (!wanted(seq)) continue
      kept.push(index)
      const range = seqs.at(-1)
      if (range !== undefined && range[1] === seq - 1) range[1] = seq
      else seqs.push([seq, seq])
    }
  }
  if (kept.length === 0) return undefined
  if (kept.length === batch.ends.length) return batch
  return { ...batch, ...selectIndexes(batch, kept), seqs }
}

type Selected = Pick<Batch, 'starts' | 'ends' | 'flags' | 'runStarts' | 'runOrigins' | 'runTimes'>

function selectIndexes(batch: Batch, kept: readonly number[]): Selected {
  const runStarts: number[] = []
  const runOrigins: number[] = []
  const runTimes: number[] = []
  let run = -1
  let written = -1
  for (const [at, index] of kept.entries()) {
    while (run + 1 < batch.runStarts.length && (batch.runStarts[run + 1] as number) <= index) run++
    if (run === written) continue
    runStarts.push(at)
    runOrigins.push(batch.runOrigins[run] as number)
    runTimes.push(batch.runTimes[run] as number)
    written = run
  }
  return {
    starts: Uint32Array.from(kept, (index) => batch.starts[index] as number),
    ends: Uint32Array.from(kept, (index) => batch.ends[index] as number),
    flags: Uint8Array.from(kept, (index) => batch.flags[index] as number),
    runStarts: Uint32Array.from(runStarts),
    runOrigins: Uint32Array.from(runOrigins),
    runTimes: Float64Array.from(runTimes),
  }
}
