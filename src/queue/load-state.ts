import { randomUUID } from 'node:crypto'
import { readHeader } from '../batch/batch-codec.ts'
import type { Seq, SeqRange, Transport } from '../core/batch.ts'
import type { OpenedStore } from './doctor/open-store.ts'
import { addReceived, noIntake, totalReceived } from './intake-totals.ts'
import { batchesEnd, batchKey, cursorKey, cursorRange, intakeKey, metaKey, seqOfKey } from './keys.ts'
import type { LevelDb, Op } from './leveldb.ts'
import { decodeRecord, encodeRecord } from './records.ts'
import { type CursorRecord, newCursor } from './sink-cursor.ts'
import { storedBytes } from './stored-batches.ts'
import type { Head, Watermark } from './watermark.ts'

/** Which sinks a queue serves, apart from their cursors: a cursor that is damaged is then missed. */
interface Meta {
  readonly format: 1
  readonly queueId: string
  readonly sinks: readonly string[]
}

export interface LoadedState {
  readonly queueId: string
  readonly head: Head
  readonly cursors: ReadonlyMap<string, CursorRecord>
  /** First number of the newest batch: it stays in the store, because it carries the totals. */
  readonly newest: Seq
  /** Messages that are known to be gone, below `head.nextSeq`. */
  readonly gone: readonly SeqRange[]
  /** To be written before anything else. */
  readonly ops: Op[]
}

/**
 * Puts together what a queue was from its store and its watermark; each makes up for what the other lost. `all`: the sinks
 * that the queue knows.
 */
export async function loadState(
  opened: OpenedStore,
  watermark: Watermark | undefined,
  configured: readonly string[] | 'all',
): Promise<LoadedState> {
  const stored = await readStored(opened.db)
  // Another queue's watermark says nothing about this one.
  const mark = stored.meta === undefined || stored.meta.queueId === watermark?.queueId ? watermark : undefined
  const found = new Map<string, CursorRecord | undefined>()
  for (const sink of [...(stored.meta?.sinks ?? []), ...stored.cursors.keys(), ...Object.keys(mark?.cursors ?? {})]) {
    found.set(sink, furthest(stored.cursors.get(sink), mark?.cursors[sink]))
  }
  // Sinks that are not configured any more keep their cursors until the pipeline works without them.
  const sinks = new Set([...(configured === 'all' ? [] : configured), ...found.keys()])
  const surest = newestHead([stored.head, stored.intake, mark?.head])
  const head = coverAll(surest, [...found.values()], stored.unreadable)
  const cursors = new Map<string, CursorRecord>()
  for (const sink of sinks) cursors.set(sink, found.get(sink) ?? (found.has(sink) ? await atOldest(opened.db, head) : atHead(head)))
  for (const [sink, cursor] of cursors) {
    if (cursor.seq === head.nextSeq) cursors.set(sink, { ...cursor, batch: head.nextSeq, position: head.position })
  }
  // Where the end is uncertain a number may be given twice; a new name keeps queueId + seq unique.
  const certain = head === surest && mark?.ahead !== true
  const keepId = (opened.outcome === 'sound' || opened.outcome === 'new') && certain
  const queueId = (keepId ? (stored.meta?.queueId ?? mark?.queueId) : undefined) ?? randomUUID()
  const ops = stateOps({ queueId, head, cursors })
  const storedEnd = stored.head?.nextSeq ?? Math.min(head.nextSeq, ...[...cursors.values()].map((cursor) => cursor.seq))
  const gone: SeqRange[] = storedEnd < head.nextSeq ? [[storedEnd, head.nextSeq - 1]] : []
  return { queueId, head, cursors, newest: stored.newest ?? head.nextSeq, gone, ops }
}

/** Everything a queue knows besides its batches: written when it is opened, at a start or after a failure. */
export function stateOps(state: { queueId: string; head: Head; cursors: ReadonlyMap<string, CursorRecord> }): Op[] {
  const meta: Meta = { format: 1, queueId: state.queueId, sinks: [...state.cursors.keys()] }
  const ops: Op[] = [
    { type: 'put', key: metaKey, value: encodeRecord(meta) },
    { type: 'put', key: intakeKey, value: encodeRecord(state.head) },
  ]
  for (const [sink, cursor] of state.cursors) ops.push({ type: 'put', key: cursorKey(sink), value: encodeRecord(cursor) })
  return ops
}

interface Stored {
  readonly meta: Meta | undefined
  readonly intake: Head | undefined
  readonly head: Head | undefined
  readonly newest: Seq | undefined
  /** A batch behind `newest` that is there and damaged. */
  readonly unreadable: Seq | undefined
  readonly cursors: ReadonlyMap<string, CursorRecord>
}

async function readStored(db: LevelDb): Promise<Stored> {
  const cursors = new Map<string, CursorRecord>()
  for await (const [key, value] of db.iterator({ ...cursorRange, fillCache: false })) {
    const cursor = decodeRecord<CursorRecord>(value)
    if (cursor !== undefined) cursors.set(key.toString('utf8', 1), cursor)
  }
  const intake = decodeRecord<Head>(await db.get(intakeKey, { fillCache: false }))
  const meta = decodeRecord<Meta>(await db.get(metaKey, { fillCache: false }))
  return { meta, intake, cursors, ...(await readNewest(db)) }
}

const allBatches = { gte: batchKey(0), lt: batchesEnd, fillCache: false }

/** The newest batch whose checksum is right, and the head it stands for. */
async function readNewest(db: LevelDb): Promise<Pick<Stored, 'newest' | 'head' | 'unreadable'>> {
  let unreadable: Seq | undefined
  for await (const [key, value] of db.iterator({ ...allBatches, reverse: true })) {
    const header = readHeader(value)
    if (header?.firstSeq === seqOfKey(key)) {
      const head = { nextSeq: header.firstSeq + header.count, position: header.position + storedBytes(value), intake: header.intake }
      return { newest: header.firstSeq, head, unreadable }
    }
    if (header === undefined) unreadable ??= seqOfKey(key) // a good batch below a wrong key says nothing about that number
  }
  return { newest: undefined, head: undefined, unreadable }
}

/** A sink whose cursor is lost begins at the oldest batch: better a message twice than never. */
async function atOldest(db: LevelDb, head: Head): Promise<CursorRecord> {
  for await (const [, value] of db.iterator(allBatches)) {
    const header = readHeader(value)
    if (header !== undefined) return newCursor(header.firstSeq, header.position, head.intake.dropped)
  }
  return atHead(head)
}

/**
 * Raises the head above every number that is known to have been given. What it was that got them is not known; it is
 * counted for the transport that brought most, so that the ledger balances.
 */
function coverAll(head: Head, cursors: readonly (CursorRecord | undefined)[], unreadable: Seq | undefined): Head {
  const nextSeq = Math.max(head.nextSeq, (unreadable ?? -1) + 1, ...cursors.map((cursor) => cursor?.seq ?? 0))
  if (nextSeq === head.nextSeq) return head
  const position = Math.max(head.position, ...cursors.map((cursor) => cursor?.position ?? 0))
  const { received } = head.intake
  const [most = 'tcp'] = (Object.keys(received) as Transport[]).sort((a, b) => (received[b] ?? 0) - (received[a] ?? 0))
  return { nextSeq, position, intake: addReceived(head.intake, { [most]: nextSeq - head.nextSeq }) }
}

/** Heads only grow, so the largest is the newest; each balances in itself. */
function newestHead(heads: readonly (Head | undefined)[]): Head {
  let newest: Head = { nextSeq: 0, position: 0, intake: noIntake }
  for (const head of heads) {
    if (head !== undefined && totalReceived(head.intake) >= totalReceived(newest.intake) && head.nextSeq >= newest.nextSeq) newest = head
  }
  return newest
}

function atHead(head: Head): CursorRecord {
  return newCursor(head.nextSeq, head.position, head.intake.dropped)
}

function furthest(stored: CursorRecord | undefined, marked: CursorRecord | undefined): CursorRecord | undefined {
  return (marked?.seq ?? -1) > (stored?.seq ?? -1) ? marked : stored
}
