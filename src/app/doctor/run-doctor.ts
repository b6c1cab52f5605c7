import { resolve } from 'node:path'
import { builtinName } from '../../config/builtin.ts'
import type { Config } from '../../config/schema.ts'
import { loadAddon } from '../../native/addons.ts'
import { buildManifest, isEmbedded } from '../../native/embedded.ts'
import { memoryBound } from '../../planning/unit/memory-bound.ts'
import { unitDropIn } from '../../planning/unit/unit-drop-in.ts'
import { planAddresses } from '../../sources/listen-addresses.ts'
import { inBenchDirectory } from '../bench-self/bench-directory.ts'
import { measureFsync } from '../bench-self/measure-fsync.ts'
import { bucketWarnings } from '../bucket-warnings.ts'
import { withAbsoluteDataDir } from '../data-dir.ts'
import { version } from '../version.ts'
import { askReceiver } from './ask-receiver.ts'
import { type Collaborators, checksFor } from './checks-for.ts'
import { findSurroundings } from './find-surroundings.ts'
import type { Finding } from './finding.ts'
import { thisHost } from './host.ts'
import { realNetwork } from './network.ts'
import { reachBucket } from './reach-bucket.ts'
import { readConfiguration } from './read-configuration.ts'
import { runChecks } from './run-checks.ts'

export interface DoctorOptions {
  /** From --config; without it the system's file, then the built-in configuration. */
  readonly configFile?: string | undefined
}

export interface Examination {
  readonly version: string
  /** The file's name, or `(built-in configuration)`. */
  readonly configFile: string
  /** False when the configuration cannot be used, or not be read by this user: then only the host is looked at. */
  readonly usable: boolean
  /** In a fixed order. Ends early after SIGINT, SIGTERM or SIGHUP. */
  readonly findings: AsyncIterable<Finding>
  /** It was ended by a signal: findings are missing. */
  interrupted(): boolean
}

const fsyncSeconds = 1.5
/** What the measurement may need of the disk, with room to spare. */
const fsyncBytes = 64 * 2 ** 20
/** As the configuration has it where it says nothing. */
const usualMinFreeDisk = 256 * 2 ** 20
const dropInFile = '/etc/systemd/system/logrelay.service.d/50-configuration.conf'

/** Looks at this host as a relay's operator would. Nothing is changed; the files of the fsync measurement are removed again. Never rejects. */
export async function runDoctor({ configFile }: DoctorOptions): Promise<Examination> {
  const stopping = new AbortController()
  // A relay names its file in full, too.
  const read = await readConfiguration(configFile === undefined ? undefined : resolve(configFile), thisHost.uid)
  return {
    version,
    configFile: read.file ?? builtinName,
    usable: read.config !== undefined,
    findings: untilSignal(stopping, examine(read, stopping.signal)),
    interrupted: () => stopping.signal.aborted,
  }
}

type Read = Awaited<ReturnType<typeof readConfiguration>>

async function* examine({ file, config: loaded, dataDir, findings }: Read, signal: AbortSignal): AsyncGenerator<Finding> {
  yield* findings
  const config = loaded && withAbsoluteDataDir(loaded)
  const directory = config?.data_dir ?? dataDir
  const surroundings = await findSurroundings(thisHost, directory, signal)
  const subject = { host: thisHost, config, configFile: file, dataDir: directory, ...surroundings }
  yield* runChecks(checksFor(subject, collaborators(file, config)), signal)
}

function collaborators(file: string | undefined, config: Config | undefined): Collaborators {
  // With less left a running relay would close its ports.
  const neededBytes = fsyncBytes + (config?.min_free_disk ?? usualMinFreeDisk)
  return {
    version,
    network: realNetwork,
    askReceiver,
    planAddresses,
    buckets: { reach: reachBucket, warnings: bucketWarnings },
    measureFsync: (directory, signal) => inBenchDirectory(directory, (place) => measureFsync(place, fsyncSeconds, signal), neededBytes),
    addons: isEmbedded ? { names: Object.keys(buildManifest().addons), load: (name) => loadAddon(name) } : undefined,
    dropInFile,
    unitDropIn: (config) => unitDropIn(config, file ?? builtinName),
    memoryBytes: (config) => memoryBound(config).bytes,
  }
}

/** Lets a signal end the examination in order: what it made is removed. */
async function* untilSignal(stopping: AbortController, findings: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  const stop = () => stopping.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, stop)
  try {
    yield* findings
  } catch (error) {
    if (!stopping.signal.aborted) throw error
  } finally {
    for (const name of signals) process.off(name, stop)
  }
}
