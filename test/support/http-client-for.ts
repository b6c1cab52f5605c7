import { UndiciClient, type UndiciClientOptions } from '../../src/sinks/http/undici-client.ts'

/** What the configuration has where nothing is set, with shorter times. */
const defaults: UndiciClientOptions['options'] = {
  connect_timeout: 10_000,
  request_timeout: 10_000,
  headers: {},
  tls: { verify: true, min_version: 'TLSv1.2' },
  proxy: 'off',
  max_requests_in_flight: 4,
}

export interface ClientWishes extends Partial<UndiciClientOptions['options']> {
  readonly scheme?: 'http' | 'https'
  readonly host?: string
  readonly path?: string
  readonly authorization?: () => Promise<string>
  readonly maxAnswerBytes?: number
}

/** A client for a server on this machine. */
export function clientFor({ port }: { readonly port: number }, wishes: ClientWishes = {}): UndiciClient {
  const { scheme = 'http', host = '127.0.0.1', path = '', authorization, maxAnswerBytes, ...options } = wishes
  return new UndiciClient({
    endpoint: { scheme, host, port, path },
    options: { ...defaults, ...options },
    ...(authorization && { authorization }),
    ...(maxAnswerBytes !== undefined && { maxAnswerBytes }),
  })
}
