import { table, whole, withSpread } from './format.ts'
import { spread } from './statistics.ts'

/** One way in which logrelay is on a machine, run by run. */
export interface InstalledRuns {
  readonly name: string
  readonly versionMs: readonly number[]
  readonly readyMs: readonly number[]
  /** At most, until it was ready. */
  readonly residentMiB: readonly number[]
  /** When it was ready. */
  readonly anonymousMiB: readonly number[]
}

export interface InstalledSize {
  readonly name: string
  readonly bytes: number
}

export function installedTables(runs: readonly InstalledRuns[], sizes: readonly InstalledSize[]): string {
  const show = (values: readonly number[]) => withSpread(spread(values), whole)
  const rows = runs.map(({ name, versionMs, readyMs, residentMiB, anonymousMiB }) => [
    name,
    ...[versionMs, readyMs, residentMiB, anonymousMiB].map(show),
  ])
  const starts = table(1, ['logrelay', '`version`, ms', 'start until ready, ms', 'memory then, MiB', 'of it anonymous MiB'], rows)
  if (sizes.length === 0) return starts
  const built = table(
    1,
    ['file', 'MiB'],
    sizes.map(({ name, bytes }) => [name, (bytes / 2 ** 20).toFixed(1)]),
  )
  return `${starts}\n\n${built}`
}
