import { statfs } from 'node:fs/promises'
import type { Config } from '../config/schema.ts'

/**
 * Holds the sum of all queue limits against the free disk: a limit that the disk cannot hold is no limit.
 * A queue may use a third more, because delivered messages go a segment at a time. Answers with a warning, or undefined.
 */
export async function diskBudgetWarning(config: Config, usedBytes: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(config.data_dir)
  const free = bavail * bsize
  const limits = Object.values(config.pipelines).reduce((sum, { queue }) => sum + queue.max_size, 0)
  const needed = Math.round((limits * 4) / 3) + config.min_free_disk
  if (needed <= free + usedBytes) return undefined
  return (
    `the queues may need ${gib(needed)} (limits of ${gib(limits)}, a third more for what is being removed, min_free_disk), ` +
    `but ${config.data_dir} has ${gib(free)} free and the queues hold ${gib(usedBytes)}: lower queue.max_size or give it more disk`
  )
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`
}
