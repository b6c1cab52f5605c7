import { statfs } from 'node:fs/promises'
import type { Config } from '../config/schema.ts'

/** Bytes. */
export interface DiskBudget {
  /** The sum of all queue limits. */
  readonly limits: number
  /** The limits, a third more, because delivered messages go a segment at a time, and min_free_disk. */
  readonly needed: number
  readonly free: number
  /** What the queues hold already. */
  readonly used: number
  readonly suffices: boolean
}

/** Holds the sum of all queue limits against the free disk: a limit that the disk cannot hold is no limit. */
export function diskBudget(config: Config, free: number, used: number): DiskBudget {
  const limits = Object.values(config.pipelines).reduce((sum, { queue }) => sum + queue.max_size, 0)
  const needed = Math.round((limits * 4) / 3) + config.min_free_disk
  return { limits, needed, free, used, suffices: needed <= free + used }
}

/** A warning where the disk of data_dir cannot hold what the limits allow; undefined where it can. */
export async function diskBudgetWarning(config: Config, usedBytes: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(config.data_dir)
  const budget = diskBudget(config, bavail * bsize, usedBytes)
  return budget.suffices ? undefined : budgetInWords(budget, config.data_dir)
}

export function budgetInWords({ limits, needed, free, used }: DiskBudget, dataDir: string): string {
  return (
    `the queues may need ${gib(needed)} (limits of ${gib(limits)}, a third more for what is being removed, min_free_disk), ` +
    `but ${dataDir} has ${gib(free)} free and the queues hold ${gib(used)}: lower queue.max_size or give it more disk`
  )
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`
}
