import { createSocket } from 'node:dgram'
import { ADDRCONFIG } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIPv6, type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { HostPort, HttpEndpoint } from '../../config/formats.ts'
import type { ClientTlsConfig } from '../../config/schema.ts'
import { connectionError } from '../../sinks/connection-errors.ts'
import { HttpConnector } from '../../sinks/http/http-connector.ts'
import type { HttpProxy } from '../../sinks/http/proxy-choice.ts'
import { openSocket } from '../../sinks/open-socket.ts'

/** What an endpoint showed when it was connected to. */
export interface Reached {
  /** Until the connection was open, the handshake not included. */
  readonly connectMs: number
  readonly tls?: { readonly version: string; readonly notAfterMs: number | undefined }
}

export interface Target extends HostPort {
  readonly scheme: string
  /** For endpoints over TLS: made for the endpoint's name, whatever `host` is. */
  readonly tls: ConnectionOptions | undefined
  readonly timeoutMs: number
}

export interface ProxiedTarget {
  readonly endpoint: HttpEndpoint
  readonly proxy: HttpProxy
  readonly tls: ClientTlsConfig
  readonly timeoutMs: number
  readonly name: string
}

/** The ways to look at receivers: nothing is ever sent to them but a TLS handshake. */
export interface Network {
  /** Every address of a name. Rejects as getaddrinfo(3) fails. */
  lookup(name: string): Promise<readonly string[]>
  /** Rejects with a RelayError. */
  reach(target: Target, signal: AbortSignal): Promise<Reached>
  /** The same through an HTTP proxy. */
  reachThrough(target: ProxiedTarget, signal: AbortSignal): Promise<Reached>
  /** Resolves where this machine has a way to the address; no datagram is sent. Rejects with a RelayError. */
  route(target: HostPort): Promise<void>
}

export const realNetwork: Network = {
  lookup: (name) => addressesOf(name),
  reach,
  reachThrough,
  route,
}

/** Of the families that this machine has an address of: no other can be connected to. */
export async function addressesOf(name: string, ask: typeof lookup = lookup): Promise<readonly string[]> {
  const found = await ask(name, { all: true, hints: ADDRCONFIG })
  return [...new Set(found.map(({ address }) => address))]
}

async function reach({ scheme, host, port, tls, timeoutMs }: Target, signal: AbortSignal): Promise<Reached> {
  const began = performance.now()
  const endpoint = { scheme, host, port }
  // In two steps, so that the time of each is known and a failure is that of the right one.
  const socket = await openSocket({ endpoint, timeoutMs, signal }, kept)
  const connectMs = performance.now() - began
  try {
    if (tls === undefined) return { connectMs }
    const secure = await openSocket({ endpoint, tls: { ...tls, socket }, timeoutMs, signal }, kept)
    const shown = certificateOf(secure)
    secure.destroy()
    return { connectMs, tls: shown }
  } finally {
    socket.destroy()
  }
}

async function reachThrough({ endpoint, proxy, tls, timeoutMs, name }: ProxiedTarget, signal: AbortSignal): Promise<Reached> {
  const began = performance.now()
  const socket = await new HttpConnector({ endpoint, tls, proxy, timeoutMs, name }).open(signal, kept)
  const connectMs = performance.now() - began
  const shown = endpoint.scheme === 'https' ? certificateOf(socket) : undefined
  socket.destroy()
  return { connectMs, ...(shown && { tls: shown }) }
}

/** What comes later must not end the process. */
function kept(socket: Socket): Socket {
  return socket.on('error', () => {})
}

function certificateOf(socket: Socket): NonNullable<Reached['tls']> {
  const secure = socket as TLSSocket
  return { version: secure.getProtocol() ?? 'TLS', notAfterMs: secure.getPeerX509Certificate()?.validToDate.getTime() }
}

/** connect(2) on a datagram socket looks for the route and sends nothing. */
function route({ host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const end = (error?: Error) => {
      socket.close()
      if (error === undefined) resolve()
      else reject(connectionError(error, `udp://${host.includes(':') ? `[${host}]` : host}:${port}`, 'connect'))
    }
    socket.once('error', end)
    // Node.js hands the error to the callback where there is one, whatever its types say.
    socket.connect(port, host, (error?: Error) => {
      socket.off('error', end)
      end(error)
    })
  })
}
