import { request } from 'node:http'
import type { Socket } from 'node:net'
import { formatHostPort, type HostPort } from '../../config/formats.ts'
import { RelayError } from '../../core/errors.ts'
import { connectionError } from '../connection-errors.ts'
import { formatProxy, type HttpProxy } from './proxy-choice.ts'

export interface TunnelOptions {
  readonly proxy: HttpProxy
  readonly target: HostPort
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Asks a proxy, through an open connection to it, for a way to the target (CONNECT, RFC 9110 section 9.3.6). Resolves with the
 * connection, which from then on is one to the target; rejects with a RelayError and lets go of it.
 */
export function openTunnel(socket: Socket, { proxy, target, timeoutMs, signal }: TunnelOptions): Promise<Socket> {
  const name = formatProxy(proxy)
  const path = formatHostPort(target)
  return new Promise((resolve, reject) => {
    const headers = {
      host: path,
      connection: 'keep-alive',
      'proxy-connection': 'keep-alive',
      'user-agent': 'logrelay',
      ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    }
    const asking = request({ method: 'CONNECT', path, headers, createConnection: () => socket })
    const settled = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
    }
    const fail = (error: unknown) => {
      settled()
      socket.destroy()
      reject(connectionError(error, name, 'established'))
    }
    const aborted = () => fail(new RelayError('ENDPOINT_UNREACHABLE', `connecting through ${name} was stopped`))
    const timedOut = () => fail(new RelayError('ENDPOINT_UNREACHABLE', `${name} opened no way to ${path} in time`, { hint: beyond }))
    const timer = setTimeout(timedOut, timeoutMs)
    signal.addEventListener('abort', aborted)
    // They stay: what comes later must not end the process, and whoever has the socket then hears of it as well.
    asking.on('error', fail)
    socket.on('error', () => {})
    asking.once('connect', ({ statusCode = 0, statusMessage = '' }, tunnel: Socket, early: Buffer) => {
      if (statusCode < 200 || statusCode > 299) return fail(refusal(proxy, path, statusCode, statusMessage))
      settled()
      if (early.length > 0) tunnel.unshift(early)
      resolve(tunnel)
    })
    asking.end()
  })
}

const beyond = 'Can the proxy reach the receiver? Its log tells more.'

/** What a proxy means that opens no way; `path` as in `siem.example.com:443`. */
function refusal(proxy: HttpProxy, path: string, status: number, phrase: string): RelayError {
  const name = formatProxy(proxy)
  if (status === 407) return proxyWantsUser(proxy)
  const said = `${name} opened no way to ${path}: it answered ${`${status} ${phrase}`.trim()}`
  if (status >= 500) return new RelayError('ENDPOINT_UNREACHABLE', said, { hint: beyond })
  return new RelayError('ENDPOINT_REFUSED', said, {
    hint: 'Look at what the proxy allows: to which names and ports it connects, and for whom.',
  })
}

/** 407, to whichever kind of request. */
export function proxyWantsUser(proxy: HttpProxy): RelayError {
  const words = proxy.authorization === undefined ? 'wants a user and password' : 'does not accept the user and password'
  const hint = 'Write them into its URL: http://user:password@host:port, special characters as %40 and so on.'
  return new RelayError('ENDPOINT_AUTH', `${formatProxy(proxy)} ${words} (407)`, { hint })
}
