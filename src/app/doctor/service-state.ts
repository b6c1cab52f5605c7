import type { Host } from './host.ts'

/** The unit as systemd knows it (systemctl(1), `show`). */
export interface Service {
  /** `loaded`, `not-found`, `masked`, ... */
  readonly loadState: string
  /** `active`, `inactive`, `failed`, `activating`, ... */
  readonly activeState: string
  /** `enabled`, `disabled`, ... */
  readonly unitFileState: string
  /** How the last run ended: `success`, `exit-code`, `oom-kill`, ... */
  readonly result: string
  readonly restarts: number
  /** 0: no process. */
  readonly mainPid: number
  /** Empty: root. */
  readonly user: string
  readonly openFiles: number
  /** Infinity without a limit. */
  readonly memoryMaxBytes: number
  /** `cap_net_bind_service`, ... */
  readonly capabilities: readonly string[]
  /** Files of the unit have changed since systemd read them. */
  readonly needsReload: boolean
}

const properties = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'Result',
  'NRestarts',
  'MainPID',
  'User',
  'LimitNOFILE',
  'MemoryMax',
  'AmbientCapabilities',
  'NeedDaemonReload',
] as const

export const unitName = 'logrelay'

/** systemd runs this machine (sd_booted(3)). */
export async function isSystemdHere(host: Host): Promise<boolean> {
  return (await host.stat('/run/systemd/system')) !== undefined
}

/** Undefined where systemd does not run or does not answer. */
export async function readService(host: Host, signal: AbortSignal): Promise<Service | undefined> {
  if (!(await isSystemdHere(host))) return undefined
  const shown = await host.run('systemctl', ['show', `${unitName}.service`, `--property=${properties.join(',')}`], signal)
  return shown?.status === 0 ? parseService(shown.out) : undefined
}

/** Reads `KEY=VALUE` lines. */
export function parseService(text: string): Service {
  const values = new Map(text.split('\n').map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=?/, '')]))
  const value = (name: (typeof properties)[number]) => values.get(name) ?? ''
  return {
    loadState: value('LoadState'),
    activeState: value('ActiveState'),
    unitFileState: value('UnitFileState'),
    result: value('Result'),
    restarts: Number(value('NRestarts')) || 0,
    mainPid: Number(value('MainPID')) || 0,
    user: value('User'),
    openFiles: limit(value('LimitNOFILE')),
    memoryMaxBytes: limit(value('MemoryMax')),
    capabilities: value('AmbientCapabilities').split(/\s+/),
    needsReload: value('NeedDaemonReload') === 'yes',
  }
}

function limit(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY
}

/** The unit is there and can be started: what it says holds for the relay. */
export function isInstalled(service: Service | undefined): service is Service {
  return service?.loadState === 'loaded'
}
