import type { Batch, Origin, SeqRange, StoredBatch } from '../core/batch.ts'

/** Batches one after the other as a single one. Bytes are copied once; the same origin object stays one origin. */
export function mergeBatches(batches: readonly Batch[]): Batch {
  const [only] = batches
  if (only !== undefined && batches.length === 1) return only
  const origins: Origin[] = []
  const originIndex = new Map<Origin, number>()
  const merged = allocate(batches)
  let bytesAt = 0
  let messageAt = 0
  let runAt = 0
  for (const batch of batches) {
    merged.bytes.set(batch.bytes, bytesAt)
    for (let i = 0; i < batch.ends.length; i++) {
      merged.starts[messageAt + i] = (batch.starts[i] as number) + bytesAt
      merged.ends[messageAt + i] = (batch.ends[i] as number) + bytesAt
    }
    merged.flags.set(batch.flags, messageAt)
    const renumbered = batch.origins.map((origin) => {
      const known = originIndex.get(origin) ?? origins.push(origin) - 1
      originIndex.set(origin, known)
      return known
    })
    for (let r = 0; r < batch.runStarts.length; r++) {
      merged.runStarts[runAt + r] = (batch.runStarts[r] as number) + messageAt
      merged.runOrigins[runAt + r] = renumbered[batch.runOrigins[r] as number] as number
    }
    merged.runTimes.set(batch.runTimes, runAt)
    bytesAt += batch.bytes.length
    messageAt += batch.ends.length
    runAt += batch.runStarts.length
  }
  return { ...merged, origins }
}

function allocate(batches: readonly Batch[]) {
  const total = (size: (batch: Batch) => number) => batches.reduce((sum, batch) => sum + size(batch), 0)
  const messages = total((batch) => batch.ends.length)
  const runs = total((batch) => batch.runStarts.length)
  return {
    bytes: Buffer.allocUnsafeSlow(total((batch) => batch.bytes.length)),
    starts: new Uint32Array(messages),
    ends: new Uint32Array(messages),
    flags: new Uint8Array(messages),
    runStarts: new Uint32Array(runs),
    runOrigins: new Uint32Array(runs),
    runTimes: new Float64Array(runs),
  }
}

/** The same for stored batches in ascending order; neighbouring ranges of numbers become one. */
export function mergeStored(batches: readonly StoredBatch[]): StoredBatch {
  const first = batches[0] as StoredBatch
  if (batches.length === 1) return first
  const seqs: SeqRange[] = []
  for (const range of batches.flatMap((batch) => batch.seqs)) {
    const last = seqs.at(-1)
    if (last !== undefined && last[1] === range[0] - 1) seqs[seqs.length - 1] = [last[0], range[1]]
    else seqs.push(range)
  }
  return { ...mergeBatches(batches), queueId: first.queueId, seqs }
}
