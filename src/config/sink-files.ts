import { stat } from 'node:fs/promises'
import type { Report } from './problems.ts'
import type { Config } from './schema.ts'
import { sinkFiles } from './sink-checks.ts'

/** Looks at the files of file sinks that are there: a pipe or a device cannot be synced, and what it took would be sent again for ever. */
export async function checkSinkFiles(config: Config, report: Report): Promise<void> {
  for (const { file, sink } of sinkFiles(config)) {
    const found = await stat(file).catch(() => undefined)
    if (found === undefined || found.isFile()) continue
    report('error', ['sinks', sink, 'path'], `${file} is no regular file`, 'name a file, or write "path: -" for standard output')
  }
}
