import { link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type LevelDb, type LevelSizes, openFailure, openLevel, probeLock, reasonOf, repairLevel } from '../leveldb.ts'
import { inspectStore } from './inspect.ts'

export interface OpenedStore {
  readonly db: LevelDb
  /** `repaired`: every checksum and gap wants to be looked at. `set_aside`: the store is new, the old one lies at `aside`. */
  readonly outcome: 'sound' | 'new' | 'repaired' | 'set_aside'
  /** What was wrong. */
  readonly reasons: readonly string[]
  /** Where the files from before the repair lie. */
  readonly aside?: string
}

/**
 * Opens a store, whatever state its files are in. Rejects with a RelayError only for what no repair mends: another
 * process holds it (QUEUE_IN_USE), no room (DISK_FULL), no permission (QUEUE_FAILED).
 */
export async function openStore(directory: string, sizes: LevelSizes, suspicion?: string): Promise<OpenedStore> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await probeLock(directory)
    const findings = await inspectStore(directory)
    if (findings.state === 'new') return { db: await openLevel(directory, sizes, { createIfMissing: true }), outcome: 'new', reasons: [] }
    const reasons = suspicion === undefined ? findings.reasons : [suspicion, ...findings.reasons]
    if (reasons.length > 0) return await repairAndOpen(directory, sizes, reasons)
    return await openSound(directory, sizes)
  } catch (error) {
    throw openFailure(directory, error) ?? error
  }
}

async function openSound(directory: string, sizes: LevelSizes): Promise<OpenedStore> {
  try {
    return { db: await openLevel(directory, sizes, { createIfMissing: false }), outcome: 'sound', reasons: [] }
  } catch (error) {
    if (openFailure(directory, error) !== undefined) throw error
    return await repairAndOpen(directory, sizes, [reasonOf(error)])
  }
}

async function repairAndOpen(directory: string, sizes: LevelSizes, reasons: readonly string[]): Promise<OpenedStore> {
  const aside = `${directory}.damaged-${timestamp()}`
  await linkAside(directory, aside)
  try {
    await repairLevel(directory)
    const db = await openLevel(directory, sizes, { createIfMissing: false })
    await rm(join(directory, 'lost'), { recursive: true, force: true }) // the copy holds what the repair moved there
    return { db, outcome: 'repaired', reasons, aside }
  } catch (error) {
    if (openFailure(directory, error) !== undefined) {
      await rm(aside, { recursive: true, force: true })
      throw error
    }
    await rm(aside, { recursive: true, force: true })
    await rename(directory, aside)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const db = await openLevel(directory, sizes, { createIfMissing: true })
    return { db, outcome: 'set_aside', reasons: [...reasons, reasonOf(error)], aside }
  }
}

/**
 * A copy made of hard links: LevelDB never writes into a file of an earlier life, so both stay what they are. Only the
 * newest copy of a queue is kept, for each may hold as much disk as the queue.
 */
async function linkAside(directory: string, aside: string): Promise<void> {
  const parent = dirname(directory)
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(directory)}.damaged-`)) await rm(join(parent, name), { recursive: true, force: true })
  }
  await mkdir(aside, { mode: 0o700 })
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile() && entry.name !== 'LOCK') await link(join(directory, entry.name), join(aside, entry.name))
  }
}

/** UTC, to the millisecond, fit for a file name and sorted like the time. */
function timestamp(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '').replace('.', '')
}
