import { readdir } from 'node:fs/promises'
import type { Config } from '../config/schema.ts'
import { queuesDirectory } from './paths.ts'

/** Queues on disk that no pipeline of the configuration uses: what they hold is delivered by nobody. Answers with warnings. */
export async function unconfiguredQueueWarnings(config: Config): Promise<string[]> {
  const directory = queuesDirectory(config.data_dir)
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && !Object.hasOwn(config.pipelines, entry.name))
    .map(({ name }) =>
      name.includes('.damaged-')
        ? `${directory}/${name} is a damaged queue that was set aside: remove it when nobody needs it any more`
        : `${directory}/${name} belongs to no configured pipeline: add pipeline ${name} again to deliver what waits there, or remove the directory`,
    )
}
