import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readLogRecords } from './log-records.ts'
import { type LevelVersion, readVersion } from './version-edit.ts'

export interface Findings {
  /** `new`: no file of LevelDB is there. `doubtful`: a plain open could lose batches without a word. */
  readonly state: 'new' | 'sound' | 'doubtful'
  /** What is wrong, file by file. */
  readonly reasons: readonly string[]
}

/** The last eight bytes of every table file (table/format.h), little-endian. */
const tableMagic = Buffer.from('57fb808b247547db', 'hex')
const levelFile = /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst))$/
/** As many stats and footers are read at once, so that a large queue opens as fast as a small one. */
const filesAtOnce = 32

/**
 * Looks at every file that LevelDB would open, without changing any. LevelDB by itself drops what it cannot read from a
 * log or MANIFEST and starts empty where CURRENT is missing; a repair before the first plain open brings those batches
 * back, after it none. Flipped bytes inside a table are left to each batch's own checksum.
 */
export async function inspectStore(directory: string): Promise<Findings> {
  const names = (await readdir(directory)).filter((name) => levelFile.test(name))
  if (names.length === 0) return { state: 'new', reasons: [] }
  const version = await readCurrentVersion(directory)
  if (typeof version === 'string') return { state: 'doubtful', reasons: [version] }
  const reasons = [...(await inspectTables(directory, version)), ...(await inspectLogs(directory, names, version.logNumber))]
  return { state: reasons.length === 0 ? 'sound' : 'doubtful', reasons }
}

async function readCurrentVersion(directory: string): Promise<LevelVersion | string> {
  const current = await readFile(join(directory, 'CURRENT'), 'latin1').catch(() => undefined)
  if (current === undefined) return 'CURRENT is missing'
  const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1]
  if (name === undefined) return 'CURRENT does not name a MANIFEST'
  const manifest = await readFile(join(directory, name)).catch(() => undefined)
  if (manifest === undefined) return `${name} is missing`
  const { records, end } = readLogRecords(manifest)
  if (end !== 'whole') return `${name} is ${end}`
  return readVersion(records) ?? `${name} makes no sense`
}

async function inspectTables(directory: string, version: LevelVersion): Promise<string[]> {
  const reasons: string[] = []
  const tables = [...version.tables]
  const worker = async () => {
    for (let table = tables.pop(); table !== undefined; table = tables.pop()) {
      const reason = await inspectTable(directory, ...table)
      if (reason !== undefined) reasons.push(reason)
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, worker))
  return reasons
}

async function inspectTable(directory: string, number: number, size: number): Promise<string | undefined> {
  const name = `${String(number).padStart(6, '0')}.ldb`
  const file = await open(join(directory, name)).catch(() => undefined)
  if (file === undefined) return `${name} is missing`
  try {
    const found = (await file.stat()).size
    if (found !== size) return `${name} has ${found} bytes instead of ${size}`
    const footer = Buffer.alloc(tableMagic.length)
    await file.read(footer, 0, footer.length, size - footer.length)
    return footer.equals(tableMagic) ? undefined : `${name} has a damaged end`
  } catch (error) {
    return `${name} cannot be read: ${String(error)}`
  } finally {
    await file.close()
  }
}

/** Every log from `logNumber` on is replayed when the store is opened; older ones only wait to be deleted. */
async function inspectLogs(directory: string, names: readonly string[], logNumber: number): Promise<string[]> {
  const numbers = names.filter((name) => name.endsWith('.log')).map((name) => Number.parseInt(name, 10))
  const needed = numbers.filter((number) => number >= logNumber).sort((a, b) => a - b)
  const reasons: string[] = []
  // A store that was just created has written no log yet: LevelDB's first MANIFEST says 0.
  if (logNumber !== 0 && needed[0] !== logNumber) reasons.push(`${logName(logNumber)} is missing`)
  for (const number of needed) {
    const { end } = readLogRecords(await readFile(join(directory, logName(number))))
    // Only the newest log may end inside a record: that is where a kill interrupts.
    if (end === 'damaged' || (end === 'torn' && number !== needed.at(-1))) reasons.push(`${logName(number)} is ${end}`)
  }
  return reasons
}

function logName(number: number): string {
  return `${String(number).padStart(6, '0')}.log`
}
