import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../native/make-directory.ts'
import { inspectStore } from '../level-files/inspect.ts'
import { type LevelDb, type LevelTools, openFailure, reasonOf } from '../leveldb.ts'
import type { Aside } from './aside.ts'

export interface Treated {
  readonly db: LevelDb
  /** `repaired`: every checksum and gap wants to be looked at. `set_aside`: the store is new. */
  readonly outcome: 'sound' | 'new' | 'repaired' | 'set_aside'
  /** What was wrong. */
  readonly reasons: readonly string[]
}

export interface Doubts {
  /** An error that only damage explains, however sound the files look: repairs. */
  readonly suspicion?: string
  /** A repair did not help: sets the files aside. */
  readonly beyondRepair?: boolean
}

export interface Treatment extends Doubts {
  readonly writeBuffer: number
  readonly level: LevelTools
  readonly aside: Aside
  /** What of the directory is not LevelDB's. */
  readonly but?: string
}

/** Opens one LevelDB store, whatever state its files are in. Rejects with what `openFailure` knows, which no repair mends. */
export async function treatStore(directory: string, treatment: Treatment): Promise<Treated> {
  const { suspicion, beyondRepair = false } = treatment
  const findings = await inspectStore(directory)
  if (findings.state === 'new') return { db: await open(directory, treatment, true), outcome: 'new', reasons: [] }
  const reasons = suspicion === undefined ? findings.reasons : [suspicion, ...findings.reasons]
  if (beyondRepair) return await setAside(directory, treatment, reasons)
  return reasons.length > 0 ? await repair(directory, treatment, reasons) : await openSound(directory, treatment)
}

async function openSound(directory: string, treatment: Treatment): Promise<Treated> {
  try {
    return { db: await open(directory, treatment, false), outcome: 'sound', reasons: [] }
  } catch (error) {
    if (openFailure(directory, error) !== undefined) throw error
    return await repair(directory, treatment, [reasonOf(error)])
  }
}

async function repair(directory: string, treatment: Treatment, reasons: readonly string[]): Promise<Treated> {
  const { aside, level } = treatment
  await aside.copy(directory)
  try {
    await level.repair(directory)
    const db = await open(directory, treatment, false)
    await rm(join(directory, 'lost'), { recursive: true, force: true }) // the copy holds what the repair moved there
    return { db, outcome: 'repaired', reasons }
  } catch (error) {
    if (openFailure(directory, error) === undefined) return await setAside(directory, treatment, [...reasons, reasonOf(error)])
    await aside.drop(directory)
    throw error
  }
}

async function setAside(directory: string, treatment: Treatment, reasons: readonly string[]): Promise<Treated> {
  await treatment.aside.move(directory, treatment.but)
  await makeDirectory(directory, 0o700)
  return { db: await open(directory, treatment, true), outcome: 'set_aside', reasons }
}

function open(directory: string, { level, writeBuffer }: Treatment, createIfMissing: boolean): Promise<LevelDb> {
  return level.open(directory, writeBuffer, { createIfMissing })
}
