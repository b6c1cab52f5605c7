import type { Config } from '../../config/schema.ts'
import { type Addons, checkAddons } from './check-addons.ts'
import { checkCertificates } from './check-certificates.ts'
import { checkClock } from './check-clock.ts'
import { checkDisk } from './check-disk.ts'
import { checkFiles } from './check-files.ts'
import { checkFsync, type MeasureFsync } from './check-fsync.ts'
import { checkKernel } from './check-kernel.ts'
import { checkMemory, type MemoryBytes } from './check-memory.ts'
import { checkPorts, type PlanAddresses } from './check-ports.ts'
import { checkReadable } from './check-readable.ts'
import { checkService, type UnitDropIn } from './check-service.ts'
import { type AskReceiver, checkSinks } from './check-sinks.ts'
import { type Buckets, checkSources } from './check-sources.ts'
import type { Network } from './network.ts'
import type { Check } from './run-checks.ts'
import type { Situation } from './situation.ts'

/** The situation, with as much of the configuration as there is. */
export type Subject = Omit<Situation, 'config'> & { readonly config: Config | undefined; readonly dataDir: string | undefined }

/** What the checks look with, beside the host. */
export interface Collaborators {
  readonly version: string
  readonly network: Network
  readonly askReceiver: AskReceiver
  readonly planAddresses: PlanAddresses
  readonly buckets: Buckets
  readonly measureFsync: MeasureFsync
  /** Undefined where this is no single executable. */
  readonly addons: Addons | undefined
  /** Where `logrelay unit --write` puts what it makes. */
  readonly dropInFile: string
  readonly unitDropIn: UnitDropIn | undefined
  readonly memoryBytes: MemoryBytes | undefined
}

/** For what asks this machine alone. */
const hereMs = 6000
/** For what asks others, who may not answer. */
const thereMs = 14_000

/** The checks that can be made, in the order in which their findings are told; without a configuration those of the host alone. */
export function checksFor(subject: Subject, others: Collaborators): Check[] {
  const { host, config, configFile, service, relay, dataDir } = subject
  const { version, dropInFile, unitDropIn, measureFsync, addons } = others
  const kernel: Check = { topic: 'kernel', subject: 'settings', limitMs: hereMs, run: () => checkKernel(host, config) }
  const carried: Check[] =
    addons === undefined ? [] : [{ topic: 'files', subject: 'built-in libraries', limitMs: hereMs, run: () => checkAddons(addons) }]
  const fsync: Check[] =
    dataDir === undefined
      ? []
      : [
          {
            topic: 'disk',
            subject: 'fsync',
            limitMs: hereMs,
            run: (signal) => checkFsync({ host, dataDir, measure: measureFsync, relayRuns: relay.pid !== undefined }, signal),
          },
        ]
  const clock: Check = { topic: 'clock', subject: 'time', limitMs: 10_000, run: (signal) => checkClock(host, signal) }
  const unit: Check = {
    topic: 'service',
    subject: 'unit',
    limitMs: hereMs,
    run: () => checkService({ host, config, configFile, service, relay, version, dropInFile, unitDropIn }),
  }
  if (config === undefined) return [kernel, ...carried, ...fsync, clock, unit]
  const situation: Situation = { ...subject, config }
  const check = (topic: Check['topic'], what: string, run: Check['run'], limitMs = hereMs): Check => ({
    topic,
    subject: what,
    limitMs,
    run,
  })
  return [
    kernel,
    ...carried,
    check('files', 'open files', () => checkFiles(situation)),
    check('files', 'configured files', (signal) => checkReadable(situation, signal)),
    check('disk', 'free disk', (signal) => checkDisk(situation, signal)),
    ...fsync,
    clock,
    check('ports', 'all ports', (signal) => checkPorts(situation, others.planAddresses, signal), 10_000),
    check('certificates', 'files', () => checkCertificates(host, config)),
    check('sinks', 'all sinks', (signal) => checkSinks(situation, others.network, others.askReceiver, signal), thereMs),
    check('sources', 'buckets', (signal) => checkSources(situation, others.buckets, signal), thereMs),
    unit,
    check('memory', 'bounds', () => checkMemory(situation, others.memoryBytes)),
  ]
}
