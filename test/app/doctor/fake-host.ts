import type { Finding } from '../../../src/app/doctor/finding.ts'
import type { CommandResult, DiskFacts, FileFacts, Host } from '../../../src/app/doctor/host.ts'
import type { Situation } from '../../../src/app/doctor/situation.ts'
import { fileSink, pipeline, type RelayConfig } from '../../support/relay-config.ts'
import { parsedConfig } from '../../support/relay-in-process.ts'

export const nowMs = Date.UTC(2026, 10, 3, 10)
export const gib = 2 ** 30

/** What a pretended machine holds. Paths that are not named are not there; a directory is there when something below it is. */
export interface Machine {
  readonly uid?: number
  readonly nowMs?: number
  readonly memoryBytes?: number
  readonly addresses?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly links?: Readonly<Record<string, string>>
  readonly stats?: Readonly<Record<string, Partial<FileFacts>>>
  readonly disk?: Partial<DiskFacts>
  readonly unwritable?: readonly string[]
  /** By the whole command line. */
  readonly commands?: Readonly<Record<string, CommandResult | string>>
}

/** A machine that is only told of; `ran` has the command lines that were run on it. */
export function fakeHost(machine: Machine = {}): Host & { readonly ran: string[] } {
  const { files = {}, links = {}, stats = {}, commands = {} } = machine
  const known = [...Object.keys(files), ...Object.keys(links), ...Object.keys(stats)]
  const below = (path: string) => known.filter((one) => one.startsWith(path === '/' ? path : `${path}/`))
  const ran: string[] = []
  return {
    ran,
    uid: machine.uid ?? 0,
    nowMs: () => machine.nowMs ?? nowMs,
    memoryBytes: () => machine.memoryBytes ?? 8 * gib,
    addresses: () => machine.addresses ?? ['192.0.2.7'],
    read: async (path) => files[path],
    link: async (path) => links[path],
    list: async (path) => {
      const names = below(path).map((one) => one.slice(path.length).split('/')[1] as string)
      return names.length === 0 ? undefined : [...new Set(names)]
    },
    stat: async (path) => {
      if (!known.includes(path) && below(path).length === 0 && path !== '/') return undefined
      return { uid: 0, mode: 0o700, isDirectory: !(path in files), bytes: files[path]?.length ?? 0, ...stats[path] }
    },
    disk: async () => ({ type: 0xef53, freeBytes: 100 * gib, inodes: 1e6, freeInodes: 9e5, ...machine.disk }),
    mayWrite: async (path) => !(machine.unwritable ?? []).includes(path),
    run: async (command, args) => {
      const line = [command, ...args].join(' ')
      ran.push(line)
      const answer = commands[line]
      return typeof answer === 'string' ? { status: 0, out: answer } : answer
    },
  }
}

export function configOf(config: Partial<RelayConfig> = {}, dataDir = '/srv/relay') {
  return parsedConfig(dataDir, {
    sinks: { file: fileSink('-') },
    pipelines: { main: pipeline(['file'], { source: { port: 10_435 } }) },
    ...config,
  })
}

/** A relay of user 990 that does not run, on a machine where root looks. */
export function situationOf(machine: Machine = {}, more: Partial<Situation> = {}): Situation {
  const user = { uid: 990, name: 'logrelay' }
  return {
    host: fakeHost(machine),
    config: configOf(),
    configFile: '/etc/logrelay/logrelay.yaml',
    service: undefined,
    relay: {},
    user,
    ...more,
  }
}

/** `state subject: says` of each, one a line, with its command. */
export function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ state, subject, says, mend }) => `${state} ${subject}: ${says}${mend === undefined ? '' : ` $ ${mend}`}`)
}

export const never = new AbortController().signal
