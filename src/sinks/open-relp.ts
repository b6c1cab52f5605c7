import { formatEndpoint } from '../config/formats.ts'
import { RelayError } from '../core/errors.ts'
import { formatRelpOffers, parseRelpOffers, type RelpResponse } from '../protocols/relp-session.ts'
import { type OpenOptions, openSocket } from './open-socket.ts'
import { RelpConnection } from './relp-connection.ts'

const offers = formatRelpOffers({ version: 0, software: ['logrelay'], commands: ['syslog'] })

const hint = 'Is it a RELP server? A plain syslog port wants tcp:// or tls://, and RELP over TLS relps://.'

export interface OpenRelpOptions extends OpenOptions {
  readonly maxUnsettledBytes: number
}

/** Opens a connection and a RELP session on it, both within the time. Rejects with a RelayError. */
export async function openRelp({ maxUnsettledBytes, ...options }: OpenRelpOptions): Promise<RelpConnection> {
  const { endpoint, timeoutMs, signal } = options
  const name = formatEndpoint(endpoint)
  const untilMs = performance.now() + timeoutMs
  const connection = await openSocket(options, (socket) => new RelpConnection(socket, name, maxUnsettledBytes))
  const abort = () => connection.destroy(new RelayError('ENDPOINT_UNREACHABLE', `connecting to ${name} was stopped`))
  const late = () => connection.destroy(noServer(name, 'it does not answer to open'))
  const timer = setTimeout(late, Math.max(1, untilMs - performance.now()))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    const wrong = misfit(await connection.ask('open', offers))
    if (wrong === undefined) return connection
    connection.destroy()
    throw noServer(name, wrong)
  } catch (error) {
    // A peer that hangs up on `open`, or says something else, is taken to speak another protocol.
    const lost = error instanceof RelayError && error.code === 'ENDPOINT_CLOSED'
    throw lost && !connection.leavesPolitely ? noServer(name, error.message) : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** What of the answer to `open` keeps us from sending messages. */
function misfit({ status, text, rest }: RelpResponse): string | undefined {
  if (status !== 200) return `it answered open with ${JSON.stringify(`${status ?? ''} ${text}`.trim().slice(0, 200))}`
  const { version, commands } = parseRelpOffers(rest)
  // "If it is not [included], the client MUST close the connection." (RELP 1, "open")
  if (version === undefined) return 'its answer to open has no relp_version'
  return commands.includes('syslog') ? undefined : 'it does not offer the command syslog'
}

function noServer(name: string, why: string): RelayError {
  return new RelayError('ENDPOINT_UNREACHABLE', `no RELP session with ${name}: ${why}`, { hint })
}
