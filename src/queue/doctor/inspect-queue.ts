import { join } from 'node:path'
import { type Findings, inspectStore } from '../level-files/inspect.ts'
import { listSegments, nameOf, rowName } from '../segments/segment-files.ts'
import { isBlank } from './open-segments.ts'

/** Looks at the files of a queue that a start would look at, without changing any. */
export async function inspectQueue(directory: string): Promise<Findings> {
  const base = await inspectStore(directory)
  if (base.state === 'new') return base
  const reasons = [...base.reasons]
  const row = join(directory, rowName)
  for (const name of await listSegments(row)) {
    if (name.span !== undefined || (await isBlank(join(row, nameOf(name))))) continue
    const found = await inspectStore(join(row, nameOf(name)))
    for (const reason of found.reasons) reasons.push(`segment ${name.ordinal}: ${reason}`)
  }
  return { state: reasons.length === 0 ? 'sound' : 'doubtful', reasons }
}
