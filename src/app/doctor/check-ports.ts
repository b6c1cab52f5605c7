import { formatHostPort } from '../../config/formats.ts'
import { isLoopback } from '../../config/listening-checks.ts'
import { RelayError } from '../../core/errors.ts'
import type { ListenPlan } from '../../sources/listen-addresses.ts'
import { firstAllowedPort } from './bind-privilege.ts'
import { configuredListeners, type Listener } from './configured-listeners.ts'
import { asRoot, type Finding, findingsOf } from './finding.ts'
import { fitService, isServiceFile, ownCommand } from './own-command.ts'
import { isInstalled, unitName } from './service-state.ts'
import { shellWord } from './shell-word.ts'
import { runsAsService, type Situation } from './situation.ts'
import { findOwners, type SocketOwner } from './socket-owners.ts'
import { addressesMeet, type BoundSocket, type Protocol, parseSocketTable } from './socket-table.ts'

const { ok, warning, problem, unknown } = findingsOf('ports')

/** Which addresses a configured host stands for. Rejects with PORT_UNAVAILABLE. */
export type PlanAddresses = (host: string) => Promise<ListenPlan>

interface Sockets {
  readonly all: readonly BoundSocket[]
  readonly owners: ReadonlyMap<number, SocketOwner>
}

/** Every port that is to be listened on: free, held by our own relay, or by somebody else. Nothing is opened to find out. */
export async function checkPorts(situation: Situation, plan: PlanAddresses, signal: AbortSignal): Promise<Finding[]> {
  const listeners = configuredListeners(situation.config)
  const sockets = await findSockets(situation, listeners, signal)
  if (sockets === undefined) return [unknown('all ports', 'the tables of sockets are hidden from this process (/proc/net)')]
  const allowed = await firstAllowedPort(situation)
  return await Promise.all(listeners.map((listener) => checkListener(listener, { situation, sockets, allowed, plan })))
}

async function findSockets({ host, relay }: Situation, listeners: readonly Listener[], signal: AbortSignal): Promise<Sockets | undefined> {
  const ports = new Set(listeners.map(({ port }) => port))
  const tables = ['tcp', 'tcp6', 'udp', 'udp6'].map(async (table) => {
    const text = await host.read(`/proc/net/${table}`)
    return text === undefined ? undefined : parseSocketTable(text, table.slice(0, 3) as Protocol, ports)
  })
  const read = (await Promise.all(tables)).filter((table) => table !== undefined)
  if (read.length === 0) return undefined
  const all = read.flat()
  return { all, owners: await findOwners(host, new Set(all.map(({ inode }) => inode)), relay.pid, signal) }
}

interface Surroundings {
  readonly situation: Situation
  readonly sockets: Sockets
  /** The first port that the relay may open. */
  readonly allowed: number
  readonly plan: PlanAddresses
}

async function checkListener(listener: Listener, { situation, sockets, allowed, plan }: Surroundings): Promise<Finding> {
  const { host, port, protocols, who } = listener
  const { relay } = situation
  const subject = `${who}, ${formatHostPort({ host, port })} ${protocols.join(' and ')}`
  if (port === 0) return ok(subject, 'the system chooses the port')
  let addresses: readonly string[]
  try {
    addresses = localAddresses(await plan(host), situation.host.addresses())
  } catch (error) {
    return problem(subject, `${RelayError.from(error).message}: the relay cannot start`, `getent hosts ${shellWord(host)}`)
  }
  if (addresses.length === 0) return problem(subject, 'is not an address of this machine: the relay cannot start', 'ip address')
  const there = sockets.all.filter((socket) => meets(socket, listener, addresses))
  const foreign = there.find((socket) => !isOurs(socket, listener, sockets, situation))
  // While our relay runs, connections on its ports are its own.
  if (foreign !== undefined && (foreign.listening || !mayRun(situation))) return taken(subject, foreign, sockets, situation)
  const open = new Set(there.filter(({ listening }) => listening).map(({ protocol }) => protocol))
  const closed = protocols.filter((protocol) => !open.has(protocol))
  if (closed.length === 0) return ok(subject, `the running relay listens${relay.pid === undefined ? '' : `, process ${relay.pid}`}`)
  if (port < allowed) {
    const says = `ports below ${allowed} need a privilege that the relay does not have: it cannot start`
    const unprivileged = `sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`
    return problem(subject, says, isInstalled(situation.service) ? fitService(situation.configFile) : unprivileged)
  }
  return relay.pid === undefined ? ok(subject, 'is free') : notOpen(subject, listener, closed, situation)
}

function meets(socket: BoundSocket, { port, protocols }: Listener, addresses: readonly string[]): boolean {
  return socket.port === port && protocols.includes(socket.protocol) && addresses.some((address) => addressesMeet(address, socket.address))
}

/** It runs, or does not tell. */
function mayRun({ relay }: Situation): boolean {
  return relay.pid !== undefined || relay.silent !== undefined
}

/** By its process; where that is hidden, by what the relay says of itself, or by its user. */
function isOurs(socket: BoundSocket, { pipeline, port }: Listener, { owners }: Sockets, situation: Situation): boolean {
  const { relay, user } = situation
  if (!mayRun(situation)) return false
  const owner = owners.get(socket.inode)
  if (owner !== undefined && relay.pid !== undefined) return owner.pid === relay.pid
  const told = pipeline === undefined ? undefined : relay.status?.pipelines[pipeline]?.source.listening
  return told?.some((one) => one.port === port) ?? socket.uid === user.uid
}

function taken(
  subject: string,
  { inode, uid, listening, port }: BoundSocket,
  { owners }: Sockets,
  { service, configFile }: Situation,
): Finding {
  const owner = owners.get(inode)
  const show = `ss -antup 'sport = :${port}'`
  if (owner !== undefined && isInstalled(service) && owner.pid === service.mainPid) {
    const mend = isServiceFile(configFile) ? `systemctl restart ${unitName}` : show
    return warning(subject, `is held by the running service, process ${owner.pid}, which has another data_dir`, mend)
  }
  const unit = owner?.unit === undefined ? '' : ` of ${owner.unit}`
  const who = owner === undefined ? `a program of user ${uid} (${asRoot})` : `${owner.name}, process ${owner.pid}${unit}`
  const how = listening ? `${who} listens there` : `an outgoing connection of ${who} has the port`
  return problem(subject, `${how}: the relay cannot start; stop it, or choose another port`, show)
}

/** A relay closes the TCP port of a pipeline that takes nothing, so that load balancers turn elsewhere. */
function notOpen(subject: string, { pipeline }: Listener, closed: readonly Protocol[], situation: Situation): Finding {
  const { relay, configFile } = situation
  const status = pipeline === undefined ? undefined : relay.status?.pipelines[pipeline]
  const what = `the running relay does not listen on ${closed.join(' and ')}`
  if (status !== undefined && !status.ready) {
    const why = status.reasons.join('; ')
    return warning(subject, `${what}: ${why === '' ? 'the pipeline is not ready' : why}`, ownCommand('status', configFile))
  }
  return warning(
    subject,
    `${what}: it has not loaded this configuration yet`,
    runsAsService(situation) ? `systemctl reload ${unitName}` : `kill -HUP ${relay.pid}`,
  )
}

/** Those of the plan that this machine has; none where it lacks one that is needed. */
function localAddresses({ addresses, anySuffices }: ListenPlan, own: readonly string[]): readonly string[] {
  const here = addresses.filter((address) => isAny(address) || isLoopback(address) || own.includes(address.split('%', 1)[0] as string))
  return here.length === addresses.length || anySuffices ? here : []
}

function isAny(address: string): boolean {
  return address === '::' || address === '0.0.0.0'
}
