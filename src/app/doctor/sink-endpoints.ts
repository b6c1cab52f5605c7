import { formatEndpoint, formatHttpEndpoint, type HttpEndpoint } from '../../config/formats.ts'
import type { Config, SinkConfig } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import { ClientTls } from '../../sinks/client-tls.ts'
import { chooseProxy, type HttpProxy } from '../../sinks/http/proxy-choice.ts'

export type EndpointSinkConfig = Exclude<SinkConfig, { type: 'file' }>

/** One endpoint of one sink, as it is going to be looked at. */
export interface SinkEndpoint {
  readonly sink: string
  readonly config: EndpointSinkConfig
  /** As logs and /status show it. */
  readonly name: string
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** Shared by the endpoints of a sink; undefined where there is no TLS. */
  readonly tls: ClientTls | undefined
  /** For endpoints that speak HTTP. */
  readonly http?: HttpEndpoint
  readonly proxy?: HttpProxy
  /** The proxy that the environment names is none. */
  readonly wrong?: RelayError
}

const tlsSchemes: ReadonlySet<string> = new Set(['tls', 'relps', 'https'])

/** The endpoints of all sinks that connect somewhere. */
export function sinkEndpoints({ sinks }: Config): SinkEndpoint[] {
  return Object.entries(sinks).flatMap(([sink, config]): SinkEndpoint[] => {
    if (config.type === 'file') return []
    const client = new ClientTls(config.tls)
    const tls = (scheme: string) => (tlsSchemes.has(scheme) ? client : undefined)
    if (config.type === 'syslog')
      return config.endpoints.map((one) => ({ sink, config, name: formatEndpoint(one), ...one, tls: tls(one.scheme) }))
    return config.endpoints.map((http) => {
      const { scheme, host, port } = http
      return { sink, config, name: formatHttpEndpoint(http), scheme, host, port, tls: tls(scheme), http, ...proxyOf(config.proxy, http) }
    })
  })
}

function proxyOf(setting: string, endpoint: HttpEndpoint): Pick<SinkEndpoint, 'proxy' | 'wrong'> {
  try {
    const proxy = chooseProxy(setting, endpoint)
    return proxy === undefined ? {} : { proxy }
  } catch (error) {
    return { wrong: RelayError.from(error) }
  }
}
