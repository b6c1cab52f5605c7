import { Level } from 'level'
import { RelayError } from '../core/errors.ts'

export type Op = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }

export interface Range {
  readonly gte: Buffer
  readonly lt: Buffer
}

export type IteratorOptions = Range & { reverse?: boolean; limit?: number; fillCache: boolean; highWaterMarkBytes?: number }

export interface EntryIterator extends AsyncIterable<[Buffer, Buffer]> {
  nextv(size: number): Promise<[Buffer, Buffer][]>
  close(): Promise<void>
}

/** What the queue uses of LevelDB; `level`'s types leave out what browsers lack. */
export interface LevelDb {
  get(key: Buffer, options: { fillCache: boolean }): Promise<Buffer | undefined>
  batch(operations: Op[], options: { sync: boolean }): Promise<void>
  clear(range: Range): Promise<void>
  compactRange(start: Buffer, end: Buffer): Promise<void>
  iterator(options: IteratorOptions): EntryIterator
  close(): Promise<void>
}

/** The store of a queue, whatever it is made of. */
export interface Store extends LevelDb {
  /** Fsyncs what was written without. */
  syncLogs(): Promise<void>
}

/** Bytes that LevelDB keeps in memory before it writes a table. A segment ends long before that. */
export const writeBuffers = { base: 2 ** 20, segment: 64 * 2 ** 20 }

export type OpenMode = { readonly createIfMissing: boolean; readonly errorIfExists?: boolean }

/** Opens the store. Errors: those of LevelDB, told apart by `openFailure`. */
export async function openLevel(directory: string, writeBufferSize: number, mode: OpenMode): Promise<LevelDb> {
  const db = new Level<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false, // batches come compressed
    cacheSize: 2 ** 20,
    maxOpenFiles: 74, // LevelDB's least: mapped tables count as memory, and every queue has its own
    writeBufferSize,
    ...mode,
  })
  await db.open()
  return db as unknown as LevelDb
}

/** Opening and repairing, which tests replace. */
export interface LevelTools {
  open(directory: string, writeBufferSize: number, mode: OpenMode): Promise<LevelDb>
  repair(directory: string): Promise<void>
}

/** Gathers what can still be read into a store that can be opened. Moves what it replaces to `lost/` inside the directory. */
export async function repairLevel(directory: string): Promise<void> {
  await (Level as unknown as { repair(location: string): Promise<void> }).repair(directory)
}

export const levelTools: LevelTools = { open: openLevel, repair: repairLevel }

/** The innermost message of an error of LevelDB, where it says which file and what the system answered. */
export function reasonOf(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? inner.message : String(error)
}

/**
 * Whether an error comes from LevelDB or the file system below it: a mistake of ours must never be taken for damage, which
 * would have the store repaired again and again.
 */
export function isStoreError(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code, syscall } = inner as NodeJS.ErrnoException
    if (syscall !== undefined || (code !== undefined && storeCodes.has(code))) return true
  }
  return false
}

/** The other codes of abstract-level say that it was called wrongly. */
const storeCodes = new Set([
  'LEVEL_CORRUPTION',
  'LEVEL_IO_ERROR',
  'LEVEL_LOCKED',
  'LEVEL_ABORTED',
  'LEVEL_DATABASE_NOT_OPEN',
  'LEVEL_ITERATOR_NOT_OPEN',
])

function isLocked(error: unknown): boolean {
  return error instanceof Error && ((error as { code?: unknown }).code === 'LEVEL_LOCKED' || isLocked(error.cause))
}

export function isDiskFull(error: unknown): boolean {
  return /no space left|disk quota exceeded|ENOSPC|EDQUOT/i.test(reasonOf(error))
}

/** Failures of the surroundings, which no repair mends and which say nothing about the files. */
export function openFailure(directory: string, error: unknown): RelayError | undefined {
  if (error instanceof RelayError) return error
  const reason = reasonOf(error)
  if (isLocked(error)) {
    const hint = 'stop the other relay, or give this one a data_dir of its own'
    return new RelayError('QUEUE_IN_USE', `another process has the queue ${directory} open`, { cause: error, hint })
  }
  if (isDiskFull(error)) {
    return new RelayError('DISK_FULL', `no room to open the queue ${directory}: ${reason}`, { cause: error, hint: 'free some disk space' })
  }
  if (/permission denied|read-only file system|too many open files|cannot allocate|EACCES|EPERM|EROFS|EMFILE|ENOTDIR/i.test(reason)) {
    return new RelayError('QUEUE_FAILED', `the queue ${directory} cannot be opened: ${reason}`, { cause: error })
  }
  return undefined
}

/**
 * Rejects with QUEUE_IN_USE when another process has the store open. Asking LevelDB to create a store and never to create
 * one takes the lock and fails before anything is read, so it changes nothing.
 */
export async function probeLock(directory: string): Promise<void> {
  const failure = await openLevel(directory, writeBuffers.base, { createIfMissing: false, errorIfExists: true }).then(
    (db) => db.close(),
    (error: unknown) => openFailure(directory, error),
  )
  if (failure !== undefined) throw failure
}
