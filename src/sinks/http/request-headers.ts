import type { HttpSinkConfig } from '../../config/schema.ts'
import { SecretReader } from '../../secrets/read-secret.ts'
import type { HttpProxy } from './proxy-choice.ts'

/** What each request says beside its own headers: who we are, what we understand, and what the configuration adds, which comes last. */
export class RequestHeaders {
  readonly #authorization: (() => Promise<string>) | undefined
  readonly #fixed: Readonly<Record<string, string>>
  readonly #configured: readonly (readonly [name: string, value: SecretReader])[]

  /** `forwarder`: the proxy that requests are handed to. */
  constructor(
    { username, password, headers }: Pick<HttpSinkConfig, 'username' | 'password' | 'headers'>,
    authorization: (() => Promise<string>) | undefined,
    forwarder: HttpProxy | undefined,
  ) {
    this.#authorization = authorization ?? (username === undefined ? undefined : basic(username, password && new SecretReader(password)))
    this.#configured = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), new SecretReader(value)] as const)
    this.#fixed = {
      'user-agent': 'logrelay',
      'accept-encoding': 'gzip',
      ...(forwarder?.authorization !== undefined && { 'proxy-authorization': forwarder.authorization }),
    }
  }

  /** With those of the request. Rejects with SECRET_UNREADABLE. */
  async of(own: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const headers: Record<string, string> = { ...this.#fixed }
    if (this.#authorization !== undefined) headers.authorization = inBytes(await this.#authorization())
    for (const [name, value] of Object.entries(own)) headers[name.toLowerCase()] = value
    for (const [name, secret] of this.#configured) headers[name] = inBytes(await secret.read())
    return headers
  }
}

/** RFC 7617, with the user and password in UTF-8. */
function basic(username: string, password: SecretReader | undefined): () => Promise<string> {
  return async () => `Basic ${Buffer.from(`${username}:${(await password?.read()) ?? ''}`).toString('base64')}`
}

/** The UTF-8 bytes of a text, one char each: that is how a header is written (RFC 9110 section 5.5, obs-text). */
function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
