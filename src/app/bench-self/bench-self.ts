import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { Measurement } from '../../planning/sizing-measurement.ts'
import { version } from '../version.ts'
import { benchParent, inBenchDirectory } from './bench-directory.ts'
import { measureFsync } from './measure-fsync.ts'
import { measureRelay, type RelayLoad } from './measure-relay.ts'

export interface BenchSelfOptions {
  /** Where to measure; left out: in `dataDir` if it can be written to, else in the working directory. */
  readonly dir?: string | undefined
  readonly dataDir: string
  /** Length of the load. */
  readonly seconds: number
  /** It begins, in this directory. */
  readonly onStarted: (directory: string) => void
}

/** Length of the fsync part, and what is stored before the load. */
const fsyncSeconds = 2
const storedMessages = 250_000

/**
 * Measures what a relay does on this machine and this disk. Resolves with undefined after SIGINT, SIGTERM or SIGHUP; nothing is
 * left behind in any case. Rejects with a RelayError: see `inBenchDirectory` and `measureRelay`.
 */
export async function benchSelf({ dir, dataDir, seconds, onStarted }: BenchSelfOptions): Promise<Measurement | undefined> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    const parent = await benchParent(dir, dataDir)
    onStarted(parent)
    return await measureSelf(parent, { seconds, storedMessages, fsyncSeconds }, stopping.signal)
  } catch (error) {
    if (stopping.signal.aborted) return undefined
    throw error
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

/** The same with everything named. Rejects when the signal aborts. */
export async function measureSelf(parent: string, load: RelayLoad & { fsyncSeconds: number }, signal: AbortSignal): Promise<Measurement> {
  const measuredAt = new Date().toISOString()
  return await inBenchDirectory(parent, async (directory) => {
    const fsync = await measureFsync(directory, load.fsyncSeconds, signal)
    const figures = await measureRelay(directory, load, signal)
    return { version, measuredAt, machine: machine(), directory: parent, ...figures, fsync }
  })
}

function machine(): Measurement['machine'] {
  const processorModel = cpus()[0]?.model.trim() ?? 'processor of an unknown kind'
  return { processors: availableParallelism(), processorModel, memoryBytes: totalmem(), system: `${type()} ${release()}` }
}
