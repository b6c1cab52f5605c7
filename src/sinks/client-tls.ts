import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { ClientTlsConfig } from '../config/schema.ts'
import { RelayError } from '../core/errors.ts'

/**
 * The TLS side of a sink's connections. The files are read for each connection, so a renewed certificate needs no
 * reload; the context is made anew only when one has changed.
 */
export class ClientTls {
  readonly #config: ClientTlsConfig
  #context: { readonly key: string; readonly context: SecureContext } | undefined

  constructor(config: ClientTlsConfig) {
    this.#config = config
  }

  /** Options for `tls.connect` to this host. Rejects with TLS_MATERIAL when a file cannot be used. */
  async options(host: string): Promise<ConnectionOptions> {
    const { verify, server_name, min_version } = this.#config
    const name = server_name ?? host
    return {
      secureContext: await this.#secureContext(),
      rejectUnauthorized: verify,
      minVersion: min_version,
      // RFC 6066 section 3: SNI carries names, never addresses.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    }
  }

  async #secureContext(): Promise<SecureContext> {
    const { cert_file, key_file, ca_file, min_version } = this.#config
    const [cert, key, ca] = await Promise.all([read(cert_file), read(key_file), read(ca_file)])
    const cacheKey = JSON.stringify([cert, key, ca])
    if (this.#context?.key === cacheKey) return this.#context.context
    try {
      const context = createSecureContext({ cert, key, ca: ca ?? systemAuthorities(), minVersion: min_version })
      this.#context = { key: cacheKey, context }
      return context
    } catch (error) {
      const files = [cert_file, key_file, ca_file].filter((file) => file !== undefined).join(', ')
      throw RelayError.from(error, 'TLS_MATERIAL', `cannot use the TLS files of this sink (${files})`)
    }
  }
}

async function read(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw RelayError.from(error, 'TLS_MATERIAL', `cannot read ${file}`)
  }
}

/** The authorities that this machine trusts; undefined, which stands for those that Node.js carries, where it has none. */
function systemAuthorities(): string[] | undefined {
  const system = getCACertificates('system')
  return system.length > 0 ? system : undefined
}
