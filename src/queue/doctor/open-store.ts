import { constants, copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type LevelDb, type LevelSizes, type LevelTools, levelTools, openFailure, probeLock, reasonOf } from '../leveldb.ts'
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

export interface OpenOptions {
  /** An error that only damage explains, however sound the files look: repairs. */
  readonly suspicion?: string
  /** A repair did not help: sets the files aside. */
  readonly beyondRepair?: boolean
  readonly level?: LevelTools
}

/**
 * Opens a store, whatever state its files are in. Rejects with a RelayError only for what no repair mends: another
 * process holds it (QUEUE_IN_USE), no room (DISK_FULL), no permission (QUEUE_FAILED).
 */
export async function openStore(directory: string, sizes: LevelSizes, options: OpenOptions = {}): Promise<OpenedStore> {
  const { suspicion, beyondRepair = false, level = levelTools } = options
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await probeLock(directory)
    const findings = await inspectStore(directory)
    if (findings.state === 'new') return { db: await level.open(directory, sizes, { createIfMissing: true }), outcome: 'new', reasons: [] }
    const reasons = suspicion === undefined ? findings.reasons : [suspicion, ...findings.reasons]
    const doctor = new Doctor(directory, sizes, level)
    if (beyondRepair) return await doctor.setAside(reasons)
    return reasons.length > 0 ? await doctor.repair(reasons) : await doctor.openSound()
  } catch (error) {
    throw openFailure(directory, error) ?? error
  }
}

class Doctor {
  readonly #directory: string
  readonly #sizes: LevelSizes
  readonly #level: LevelTools

  constructor(directory: string, sizes: LevelSizes, level: LevelTools) {
    this.#directory = directory
    this.#sizes = sizes
    this.#level = level
  }

  async openSound(): Promise<OpenedStore> {
    try {
      return { db: await this.#open(false), outcome: 'sound', reasons: [] }
    } catch (error) {
      if (openFailure(this.#directory, error) !== undefined) throw error
      return await this.repair([reasonOf(error)])
    }
  }

  async repair(reasons: readonly string[]): Promise<OpenedStore> {
    const aside = nameAside(this.#directory)
    await copyAside(this.#directory, aside)
    try {
      await this.#level.repair(this.#directory)
      const db = await this.#open(false)
      await rm(join(this.#directory, 'lost'), { recursive: true, force: true }) // the copy holds what the repair moved there
      return { db, outcome: 'repaired', reasons, aside }
    } catch (error) {
      if (openFailure(this.#directory, error) === undefined) return await this.#replace(aside, [...reasons, reasonOf(error)])
      await rm(aside, { recursive: true, force: true })
      throw error
    }
  }

  /** For files that a repair does not mend; the copy from before that repair is replaced by what it left. */
  async setAside(reasons: readonly string[]): Promise<OpenedStore> {
    const aside = nameAside(this.#directory)
    await removeAside(this.#directory)
    return await this.#replace(aside, reasons)
  }

  async #replace(aside: string, reasons: readonly string[]): Promise<OpenedStore> {
    await rm(aside, { recursive: true, force: true })
    await rename(this.#directory, aside)
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    return { db: await this.#open(true), outcome: 'set_aside', reasons, aside }
  }

  #open(createIfMissing: boolean): Promise<LevelDb> {
    return this.#level.open(this.#directory, this.#sizes, { createIfMissing })
  }
}

/**
 * A copy made of hard links: LevelDB never writes into a file of an earlier life, so both stay what they are. Only the
 * newest copy of a queue is kept, for each may hold as much disk as the queue.
 */
async function copyAside(directory: string, aside: string): Promise<void> {
  await removeAside(directory)
  await mkdir(aside, { mode: 0o700 })
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile() && entry.name !== 'LOCK') await linkOrCopy(join(directory, entry.name), join(aside, entry.name))
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // Some file systems have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

async function removeAside(directory: string): Promise<void> {
  const parent = dirname(directory)
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(directory)}.damaged-`)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

function nameAside(directory: string): string {
  return `${directory}.damaged-${timestamp()}`
}

/** UTC, to the millisecond, fit for a file name and sorted like the time. */
function timestamp(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '').replace('.', '')
}
