import { formatHostPort } from '../../config/formats.ts'
import { RelayError } from '../../core/errors.ts'
import { formatProxy } from '../../sinks/http/proxy-choice.ts'
import { dateOf } from './figures.ts'
import { asRoot } from './finding.ts'
import type { Network, Reached } from './network.ts'
import type { Resolved } from './resolve-names.ts'
import { shellWord } from './shell-word.ts'
import type { SinkEndpoint } from './sink-endpoints.ts'

/** What became of looking at one endpoint. `works`: false where it certainly does not, undefined where that cannot be told. */
export interface Probe {
  readonly works: boolean | undefined
  readonly words: string
  readonly mend?: string
  /** Some of its addresses do not work. */
  readonly partly?: boolean
  /** Of the receiver's certificate. */
  readonly notAfterMs?: number
}

/** A name may stand for a whole pool of receivers. */
const maxAddresses = 4
/** No sink is waited for any longer: there may be a thousand. */
const patienceMs = 4000

/** Looks at an endpoint as its sink would open it, each address by itself, and sends no message. Never rejects. */
export async function probeEndpoint(
  endpoint: SinkEndpoint,
  resolved: () => Promise<Resolved>,
  network: Network,
  signal: AbortSignal,
): Promise<Probe> {
  if (endpoint.wrong !== undefined) return failed(endpoint.wrong, 'env | grep -i _proxy')
  if (endpoint.proxy !== undefined) return await throughProxy(endpoint, network, signal)
  const { addresses, ms, failure, unfinished: late } = await resolved()
  if (failure !== undefined) {
    return {
      works: late === true ? undefined : false,
      words: `${endpoint.host} has no address: ${failure}`,
      mend: `getent hosts ${shellWord(endpoint.host)}`,
    }
  }
  const named = addresses.length === 1 && addresses[0] === endpoint.host ? '' : `${addresses.join(', ')} (found in ${time(ms)}); `
  const tried = addresses.slice(0, maxAddresses)
  if (endpoint.scheme === 'udp') return await routeOf(endpoint, tried, named, network)
  const probes = await Promise.all(tried.map((address) => probeAddress(endpoint, address, network, signal)))
  return together(probes, named)
}

async function probeAddress(endpoint: SinkEndpoint, address: string, network: Network, signal: AbortSignal): Promise<Probe> {
  const { scheme, port, host, config, http } = endpoint
  const timeoutMs = Math.min(patienceMs, config.connect_timeout)
  try {
    const options = await endpoint.tls?.options(host)
    const tls = options && http !== undefined ? { ...options, ALPNProtocols: ['http/1.1'] } : options
    return reached(await network.reach({ scheme, host: address, port, tls, timeoutMs }, signal))
  } catch (error) {
    return signal.aborted ? unfinished : failed(RelayError.from(error), mendOf(error, endpoint, address))
  }
}

async function throughProxy({ config, http, proxy, name }: SinkEndpoint, network: Network, signal: AbortSignal): Promise<Probe> {
  if (http === undefined || proxy === undefined || config.type === 'syslog') return unfinished
  try {
    const timeoutMs = Math.min(patienceMs, config.connect_timeout)
    const { words, ...rest } = reached(await network.reachThrough({ endpoint: http, proxy, tls: config.tls, timeoutMs, name }, signal))
    return { ...rest, words: `through the proxy ${formatProxy(proxy)}: ${words}` }
  } catch (error) {
    return signal.aborted ? unfinished : failed(RelayError.from(error), `nc -vz ${shellWord(proxy.host)} ${proxy.port}`)
  }
}

/** UDP cannot be asked: that a way leads there is all that shows. */
async function routeOf({ host, port }: SinkEndpoint, addresses: readonly string[], named: string, network: Network): Promise<Probe> {
  try {
    await Promise.any(addresses.map((address) => network.route({ host: address, port })))
    return { works: true, words: `${named}there is a route; whether anybody receives there, UDP cannot tell` }
  } catch (error) {
    return failed(RelayError.from((error as AggregateError).errors[0]), `ip route get ${shellWord(addresses[0] ?? host)}`)
  }
}

function reached({ connectMs, tls }: Reached): Probe {
  const connected = `connected in ${time(connectMs)}`
  if (tls === undefined) return { works: true, words: connected }
  const { version, notAfterMs } = tls
  if (notAfterMs === undefined) return { works: true, words: `${connected}, ${version}` }
  return { works: true, words: `${connected}, ${version}, its certificate is valid until ${dateOf(notAfterMs)}`, notAfterMs }
}

const unfinished: Probe = { works: undefined, words: 'there was no time left to look at it' }

function failed(error: RelayError, mend: string): Probe {
  const { message, hint } = error
  if (isHidden(error)) return { works: undefined, words: `${message}; the service may see more: ${asRoot}` }
  return { works: false, words: hint === undefined ? message : `${message}. ${hint}`, mend }
}

/** A file that this user may not read, or a credential that only the service sees: the configuration names none that is not there. */
export function isHidden({ code, cause }: RelayError): boolean {
  const why = (cause as NodeJS.ErrnoException | undefined)?.code
  return (code === 'TLS_MATERIAL' || code === 'SECRET_UNREADABLE') && (why === 'EACCES' || why === 'ENOENT')
}

/** A variable that this shell does not have: that of the relay may. */
export function isUnsetHere({ code, message }: RelayError): boolean {
  return code === 'SECRET_UNREADABLE' && /^the environment variable \S+ is not set/.test(message)
}

/** The addresses of one endpoint: what is the same for all is said once. */
function together(probes: readonly Probe[], named: string): Probe {
  const working = probes.filter(({ works }) => works === true)
  const broken = probes.filter(({ works }) => works === false)
  const first = (broken[0] ?? working[0] ?? probes[0]) as Probe
  if (working.length > 0 && broken.length > 0) {
    const words = `${named}${working.length} of ${probes.length} addresses can be reached: ${broken.map((one) => one.words).join('; ')}`
    return { ...first, works: true, partly: true, words }
  }
  const ends = probes.flatMap(({ notAfterMs }) => (notAfterMs === undefined ? [] : [notAfterMs]))
  return { ...first, words: `${named}${first.words}`, ...(ends.length > 0 && { notAfterMs: Math.min(...ends) }) }
}

/** What shows the failure again, step by step. */
function mendOf(error: unknown, { host, port, config }: SinkEndpoint, address: string): string {
  const { code } = RelayError.from(error)
  if (code === 'TLS_MATERIAL')
    return `ls -l ${[config.tls.cert_file, config.tls.key_file, config.tls.ca_file].flatMap((file) => (file === undefined ? [] : [shellWord(file)])).join(' ')}`
  if (code !== 'ENDPOINT_TLS') return `nc -vz ${shellWord(address)} ${port}`
  const name = config.tls.server_name ?? host
  const trusted = config.tls.ca_file === undefined ? '' : ` -CAfile ${shellWord(config.tls.ca_file)}`
  return `openssl s_client -connect ${shellWord(formatHostPort({ host: address, port }))} -servername ${shellWord(name)}${trusted} </dev/null`
}

function time(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
