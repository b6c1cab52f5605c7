import { dirname } from 'node:path'
import { sinkFiles } from '../../config/sink-checks.ts'
import { RelayError } from '../../core/errors.ts'
import { daysUntil, soonMs } from './check-certificates.ts'
import { existingDirectory, isBelow } from './check-disk.ts'
import { dateOf } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import type { Network } from './network.ts'
import { isHidden, isUnsetHere, type Probe, probeEndpoint } from './probe-endpoint.ts'
import { resolveNames } from './resolve-names.ts'
import { isInstalled, unitName } from './service-state.ts'
import { shellWord } from './shell-word.ts'
import { type SinkEndpoint, sinkEndpoints } from './sink-endpoints.ts'
import { hasOwnEnvironment, type Situation } from './situation.ts'
import { Slots } from './slots.ts'

const { ok, warning, problem, unknown } = findingsOf('sinks')

const endpointsAtATime = 256

/** Asks a receiver that can be reached something harmless, as its sink would: what it answers, in words. Rejects with a RelayError. */
export type AskReceiver = (endpoint: SinkEndpoint, signal: AbortSignal) => Promise<string | undefined>

/** Each endpoint of each sink: its name, the way to it, its certificate. What is not looked at when the signal aborts is unknown. */
export async function checkSinks(situation: Situation, network: Network, ask: AskReceiver, signal: AbortSignal): Promise<Finding[]> {
  const endpoints = sinkEndpoints(situation.config)
  const names = resolveNames(
    endpoints.flatMap(({ host, proxy }) => (proxy === undefined ? [host] : [])),
    network.lookup,
    signal,
  )
  const slots = new Slots(endpointsAtATime)
  const ownEnvironment = hasOwnEnvironment(situation)
  const probes = await Promise.all(
    endpoints.map(async (endpoint) => {
      // Its name is waited for outside: a name server that is dead keeps no endpoint with an address waiting.
      const resolved = await names.get(endpoint.host)
      const probe = await slots.run(() =>
        probeEndpoint(endpoint, async () => resolved ?? { addresses: [], ms: 0, failure: '' }, network, signal),
      )
      return probe.works === true ? await slots.run(() => asked(endpoint, probe, { ask, ownEnvironment }, signal)) : probe
    }),
  )
  const working = new Set(endpoints.flatMap(({ sink }, index) => (probes[index]?.works === true ? [sink] : [])))
  const findings = endpoints.flatMap((endpoint, index) => told(endpoint, probes[index] as Probe, working.has(endpoint.sink), situation))
  return [...findings, ...(await files(situation))]
}

interface Asking {
  readonly ask: AskReceiver
  readonly ownEnvironment: boolean
}

async function asked(endpoint: SinkEndpoint, probe: Probe, { ask, ownEnvironment }: Asking, signal: AbortSignal): Promise<Probe> {
  try {
    const answer = await ask(endpoint, signal)
    return answer === undefined ? probe : { ...probe, words: `${probe.words}; ${answer}` }
  } catch (error) {
    if (signal.aborted) return probe
    const failure = RelayError.from(error)
    const { message, hint } = failure
    // It went to the address that is known not to work.
    if (probe.partly === true && failure.code === 'ENDPOINT_UNREACHABLE') return probe
    if (ownEnvironment && isUnsetHere(failure)) return { works: undefined, words: `${probe.words}; ${message}; the service may have it` }
    if (isHidden(failure)) return { ...probe, words: `${probe.words}; ${message}, so it was not asked more` }
    return {
      ...probe,
      works: false,
      words: hint === undefined ? message : `${message}. ${hint}`,
      mend: `curl -v ${shellWord(endpoint.name)}`,
    }
  }
}

/** A broken endpoint is a problem where no other of its sink works. */
function told(
  { sink, name }: SinkEndpoint,
  { works, words, mend, partly, notAfterMs }: Probe,
  sinkWorks: boolean,
  { host }: Situation,
): Finding[] {
  const subject = `${sink}, ${name}`
  if (works === undefined) return [unknown(subject, words)]
  if (works === false) {
    const cost = sinkWorks ? 'the other endpoints take its messages' : 'its messages wait on disk'
    return [(sinkWorks ? warning : problem)(subject, `${words} (${cost})`, mend)]
  }
  const findings = [partly === true ? warning(subject, words, mend) : ok(subject, words)]
  const now = host.nowMs()
  if (notAfterMs !== undefined && notAfterMs - now < soonMs) {
    const when = notAfterMs <= now ? `expired on ${dateOf(notAfterMs)}` : `expires on ${dateOf(notAfterMs)}, ${daysUntil(notAfterMs, now)}`
    findings.push(warning(subject, `the receiver's certificate ${when}: messages wait on disk where it is checked. Tell whoever runs it`))
  }
  return findings
}

async function files(situation: Situation): Promise<Finding[]> {
  const { host, config, user, service } = situation
  const standard = Object.entries(config.sinks).flatMap(([name, sink]) =>
    sink.type === 'file' && sink.path === '-' ? [ok(name, 'standard output')] : [],
  )
  const found = sinkFiles(config).map(async ({ sink, file }): Promise<Finding> => {
    const subject = `${sink}, ${file}`
    const wanted = dirname(file)
    const directory = await existingDirectory(host, wanted)
    // Whatever its user may do: to the service all other directories are read-only.
    if (directory !== wanted && isInstalled(service) && !isBelow(wanted, config.data_dir)) return missing(subject, wanted, user.name, true)
    if (user.uid !== host.uid && host.uid !== 0) return unknown(subject, `whether user ${user.name} may write it is for root to see`)
    const place = await tryWriting(situation, subject, directory)
    // What is above it belongs to others: the directory itself is to be made.
    if (place.state === 'problem' && directory !== wanted) return missing(subject, wanted, user.name, isInstalled(service))
    const both = place.state === 'ok' && (await host.stat(file)) !== undefined
    return both ? await tryWriting(situation, subject, file) : place
  })
  return [...standard, ...(await Promise.all(found))]
}

/** A directory, or a file that is there. */
async function tryWriting(situation: Situation, subject: string, path: string): Promise<Finding> {
  const { host, user } = situation
  const may = user.uid === host.uid ? await host.mayWrite(path) : await asUser(situation, path)
  if (may === undefined) return unknown(subject, `whether user ${user.name} may write ${path} cannot be tried`)
  return may ? ok(subject, `${path} can be written`) : await denied(situation, subject, path)
}

/** By its own word: runuser ends with 1, too, where it does not know the user. */
async function asUser({ host, user }: Situation, path: string): Promise<boolean | undefined> {
  const test = ['sh', '-c', 'test -w "$1" && echo y || echo n', 'sh', path]
  const asked = await host.run('runuser', ['-u', user.name, '--', ...test], AbortSignal.timeout(4000))
  const word = asked?.status === 0 ? asked.out.trim() : ''
  return word === 'y' || word === 'n' ? word === 'y' : undefined
}

async function denied({ host, user }: Situation, subject: string, path: string): Promise<Finding> {
  const says = `user ${user.name}, who runs the relay, may not write to ${path}: its messages wait in the queue`
  const isDirectory = (await host.stat(path))?.isDirectory === true
  const [name, place] = [shellWord(user.name), shellWord(path)]
  const mend = isDirectory && (await hasAccessLists(host)) ? `setfacl -m u:${name}:rwx ${place}` : `chown ${name} ${place}`
  return problem(subject, says, mend)
}

async function hasAccessLists(host: Host): Promise<boolean> {
  const found = await Promise.all(['/usr/bin/setfacl', '/bin/setfacl'].map((file) => host.stat(file)))
  return found.some((facts) => facts !== undefined)
}

function missing(subject: string, directory: string, user: string, isService: boolean): Finding {
  const make = `install -d -m 0750 -o ${shellWord(user)} ${shellWord(directory)}`
  return isService
    ? problem(
        subject,
        `${directory} is not there, and the service may make no directory outside of data_dir: it cannot start`,
        `${make} && systemctl restart ${unitName}`,
      )
    : problem(subject, `${directory} is not there, and user ${user}, who runs the relay, may not make it: it cannot start`, make)
}
