import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { RelayError } from '../../core/errors.ts'

/** The queue's limit, a third more, and reserve. */
const leastFreeBytes = 2 ** 30

/** What the directories' names begin with. */
export const benchPrefix = 'bench-self-'

/** Where to measure: in `dir` if it is named, else in data_dir, else, where that cannot be written to, in the working directory. */
export async function benchParent(dir: string | undefined, dataDir: string): Promise<string> {
  const problem = dir === undefined ? await whyNotWritable(dataDir) : undefined
  return resolve(dir ?? (problem === undefined ? dataDir : '.'))
}

/**
 * Gives `work` a new directory in `parent`, and removes it whatever happens. Rejects with DISK_FULL where less than `neededBytes` are free and with
 * DATA_DIR_UNUSABLE where nothing can be written.
 */
export async function inBenchDirectory<T>(
  parent: string,
  work: (directory: string) => Promise<T>,
  neededBytes = leastFreeBytes,
): Promise<T> {
  const hint = 'name another directory with --dir, on the disk that the queues will use'
  const problem = await whyNotWritable(parent)
  if (problem !== undefined)
    throw new RelayError('DATA_DIR_UNUSABLE', `cannot measure in ${parent}: ${problem.message}`, { cause: problem, hint })
  const { bavail, bsize } = await statfs(parent)
  if (bavail * bsize < neededBytes) {
    throw new RelayError(
      'DISK_FULL',
      `the measurement needs ${mebibytes(neededBytes)} of free disk, ${parent} has ${mebibytes(bavail * bsize)}`,
      { hint },
    )
  }
  const directory = await mkdtemp(join(parent, benchPrefix))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function whyNotWritable(directory: string): Promise<Error | undefined> {
  try {
    await access(directory, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return error as Error
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`
}
