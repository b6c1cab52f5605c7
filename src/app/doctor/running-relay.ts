import { RelayError } from '../../core/errors.ts'
import type { RelayStatus } from '../../core/status.ts'
import type { Host } from './host.ts'
import { isInstalled, type Service } from './service-state.ts'

/** The relay on this data_dir, as far as this user can see it. */
export interface RunningRelay {
  /** Of the process; undefined where none runs, or where it cannot be told. */
  readonly pid?: number
  /** What it says of itself; undefined where none runs or it does not answer. */
  readonly status?: RelayStatus
  /** Why its status could not be had although it may run: not this user's, or no answer. */
  readonly silent?: string
}

/** Asks through the control socket; `getStatus` rejects with NOT_RUNNING where nobody listens. systemd's word stands in for an answer. */
export async function findRelay(getStatus: () => Promise<RelayStatus>, service: Service | undefined): Promise<RunningRelay> {
  try {
    const status = await getStatus()
    return { pid: status.pid, status }
  } catch (error) {
    const { code, message } = RelayError.from(error)
    if (code === 'NOT_RUNNING') return {}
    const pid = isInstalled(service) && service.mainPid > 0 ? service.mainPid : undefined
    return { silent: message, ...(pid !== undefined && { pid }) }
  }
}

/** The user that the relay runs as, or would. */
export interface RelayUser {
  /** Undefined: the user of the unit does not exist. */
  readonly uid: number | undefined
  /** Name, or the number where there is none to be had. */
  readonly name: string
}

/** Of the running process, else of the unit, else whose data_dir it is where that is closed to us, else who asks. */
export async function findUser(
  host: Host,
  { relay, service, dataDir }: { relay: RunningRelay; service: Service | undefined; dataDir: string | undefined },
  signal: AbortSignal,
): Promise<RelayUser> {
  const running = relay.pid === undefined ? undefined : await effectiveUid(host, relay.pid)
  const installed = isInstalled(service)
  const nameOfUnit = installed ? service.user || 'root' : undefined
  const uid = nameOfUnit === undefined ? undefined : await uidOf(host, nameOfUnit, signal)
  if (nameOfUnit !== undefined && uid === 'none' && running === undefined) return { uid: undefined, name: nameOfUnit }
  if (nameOfUnit !== undefined && typeof uid === 'number' && (running ?? uid) === uid) return { uid, name: nameOfUnit }
  if (running !== undefined) return await named(host, running, signal)
  // Where the unit's user is not to be had, its directory is the next best witness.
  const owner = dataDir !== undefined && (installed || relay.silent !== undefined) ? await host.stat(dataDir) : undefined
  return await named(host, owner?.uid ?? host.uid, signal)
}

/** `none`: there is no such user. Undefined: `id` did not answer. */
async function uidOf(host: Host, name: string, signal: AbortSignal): Promise<number | 'none' | undefined> {
  if (name === 'root') return 0
  const found = await host.run('id', ['-u', '--', name], signal)
  if (found?.status === 0) return Number(found.out)
  return found?.status === 1 ? 'none' : undefined
}

/** With its name where it has one: runuser knows no numbers. */
async function named(host: Host, uid: number, signal: AbortSignal): Promise<RelayUser> {
  if (uid === 0) return { uid, name: 'root' }
  const found = await host.run('id', ['-nu', '--', String(uid)], signal)
  const name = found?.status === 0 ? found.out.trim() : ''
  return { uid, name: name === '' ? String(uid) : name }
}

async function effectiveUid(host: Host, pid: number): Promise<number | undefined> {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec((await host.read(`/proc/${pid}/status`)) ?? '')?.[1]
  return uid === undefined ? undefined : Number(uid)
}
