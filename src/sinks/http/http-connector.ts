import type { Socket } from 'node:net'
import type { HttpEndpoint } from '../../config/formats.ts'
import type { ClientTlsConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import { ClientTls } from '../client-tls.ts'
import { openSocket } from '../open-socket.ts'
import type { HttpProxy } from './proxy-choice.ts'
import { openTunnel } from './proxy-tunnel.ts'

export interface HttpConnectorOptions {
  readonly endpoint: HttpEndpoint
  /** Of the endpoint, for https://. */
  readonly tls: ClientTlsConfig
  readonly proxy: HttpProxy | undefined
  /** For a connection as a whole: to the proxy, through it, the handshakes. */
  readonly timeoutMs: number
  /** `https://siem.example.com:443`, for errors. */
  readonly name: string
}

/** A proxy's certificate has to be good for this machine: the sink's TLS settings are the receiver's. */
const proxyTls: ClientTlsConfig = { verify: true, min_version: 'TLSv1.2' }

/**
 * Opens connections for requests to one endpoint: straight to it, to a proxy that passes requests on (http://), or through
 * one (https://). Names are looked up and TLS files are read each time.
 */
export class HttpConnector {
  readonly #options: HttpConnectorOptions
  readonly #tls: ClientTls | undefined
  readonly #proxyTls: ClientTls | undefined

  constructor(options: HttpConnectorOptions) {
    this.#options = options
    this.#tls = options.endpoint.scheme === 'https' ? new ClientTls(options.tls) : undefined
    this.#proxyTls = options.proxy?.scheme === 'https' ? new ClientTls(proxyTls) : undefined
  }

  /** `use` is given the socket in the turn in which it opened. Rejects with a RelayError. */
  async open<T>(signal: AbortSignal, use: (socket: Socket) => T): Promise<T> {
    const { endpoint, proxy, timeoutMs } = this.#options
    const untilMs = performance.now() + timeoutMs
    const tls = this.#tls && { ...(await this.#tls.options(endpoint.host)), ALPNProtocols: ['http/1.1'] }
    if (proxy === undefined) return await openSocket({ endpoint, tls, timeoutMs: left(untilMs), signal }, use)
    if (tls === undefined) return await this.#openToProxy(proxy, untilMs, signal, use)
    const socket = await this.#openTunnel(proxy, untilMs, signal)
    try {
      return await openSocket({ endpoint, tls: { ...tls, socket }, timeoutMs: left(untilMs), signal }, use)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  async #openTunnel(proxy: HttpProxy, untilMs: number, signal: AbortSignal): Promise<Socket> {
    const tunnel = (socket: Socket) => openTunnel(socket, { proxy, target: this.#options.endpoint, timeoutMs: left(untilMs), signal })
    const opening = await this.#openToProxy(proxy, untilMs, signal, (socket) => ({ opened: tunnel(socket) }))
    try {
      return await opening.opened
    } catch (error) {
      throw this.#throughProxy(error as RelayError)
    }
  }

  async #openToProxy<T>(proxy: HttpProxy, untilMs: number, signal: AbortSignal, use: (socket: Socket) => T): Promise<T> {
    try {
      const tls = await this.#proxyTls?.options(proxy.host)
      return await openSocket({ endpoint: proxy, tls, timeoutMs: left(untilMs), signal }, use)
    } catch (error) {
      throw this.#throughProxy(error as RelayError)
    }
  }

  /** It is the proxy that needs looking at: the receiver's hints would lead astray. */
  #throughProxy(error: RelayError): RelayError {
    const own = error.cause === undefined ? error.hint : undefined
    const hint = own ?? (error.code === 'ENDPOINT_TLS' ? proxyTlsHint : proxyHint)
    return new RelayError(error.code, `cannot go through the proxy to ${this.#options.name}: ${error.message}`, { cause: error, hint })
  }
}

const proxyTlsHint =
  "Let this machine's authorities include the one that signed the proxy's certificate, or write http:// if it speaks no TLS."
const proxyHint = 'Does the proxy run, and is its address right? See proxy of this sink, or HTTPS_PROXY and HTTP_PROXY.'

/** Milliseconds, one at least: 0 would be no timeout. */
function left(untilMs: number): number {
  return Math.max(1, untilMs - performance.now())
}
