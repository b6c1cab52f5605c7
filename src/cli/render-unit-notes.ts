import type { UnitSurroundings } from '../app/unit/unit-surroundings.ts'
import type { Config } from '../config/schema.ts'
import { memoryBound } from '../planning/unit/memory-bound.ts'
import { writtenDirectories } from '../planning/unit/service-paths.ts'
import { problemText } from '../planning/unit/unit-drop-in.ts'
import { quotedPath } from '../planning/unit/unit-quoting.ts'
import { renderBytes } from './render-values.ts'

/** The file that the unit starts the relay with. */
const serviceFile = '/etc/logrelay/logrelay.yaml'
/** Of what takes the most memory. */
const shownItems = 3

/** What a person should know beside the drop-in, a line each: what it cannot do, and what this host lacks. */
export function unitNotes(config: Config, file: string, { memoryBytes, missing }: UnitSurroundings): string[] {
  const notes: string[] = []
  if (file !== serviceFile) notes.push(`the service itself reads ${serviceFile}, and this was made from ${file}`)
  for (const { path, key, problem } of writtenDirectories(config)) {
    if (quotedPath(path) === undefined) notes.push(`${key}: a unit cannot name a path with control characters; choose another one`)
    else if (problem !== undefined) notes.push(`${key}: ${path}: ${problemText[problem]}`)
    else if (missing.some((one) => one.path === path))
      notes.push(`${key}: ${path} is not there yet: install -d -o logrelay -g logrelay -m 0750 ${shellWord(path)}`)
  }
  return [...notes, ...memoryNotes(config, memoryBytes)]
}

function memoryNotes(config: Config, memoryBytes: number): string[] {
  const { bytes, items } = memoryBound(config)
  if (bytes <= memoryBytes) return []
  const largest = items.filter(({ key }) => key !== undefined).toSorted((a, b) => b.bytes - a.bytes)
  const lines = largest.slice(0, shownItems).map((item) => `\n    ${renderBytes(item.bytes)} ${item.name}: lower ${item.key}`)
  return [
    `the bounds of the configuration allow ${renderBytes(bytes)} of memory, and this host has ${renderBytes(memoryBytes)}: ` +
      `if all of them were reached it would run out before systemd's limit holds. The largest:${lines.join('')}`,
  ]
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
