import { constants } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type CertificateMaterial, type CertificatePaths, readMaterial } from './certificate-material.ts'
import { selfSignedPair } from './self-signed.ts'
import type { ServerTls, ServerTlsOptions } from './server-tls.ts'

/** The `tls` section of the configuration. */
export interface CertificateFilesConfig {
  readonly cert_file?: string | undefined
  readonly key_file?: string | undefined
  readonly client_ca_file?: string | undefined
  readonly client_auth: 'required' | 'optional'
  readonly min_version: 'TLSv1.2' | 'TLSv1.3'
}

export interface CertificateFilesOptions {
  /** Where a self-signed pair is made when the configuration names none. */
  readonly dataDir: string
  readonly logger: Logger
  /** How often the files are looked at. */
  readonly pollMs?: number
}

const dayMs = 86_400_000
const expiryWarningDays = 30

/**
 * A client may not start a second handshake on its connection (the alert is no_renegotiation, RFC 5246, section 7.2.2): each
 * would cost a signature, and could change whose connection it is. One that puts ChaCha20 first has no AES in hardware: it
 * gets its wish.
 */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA

/**
 * Certificate, key and client authorities from files, read again when they change. Looking at the files themselves every
 * few seconds sees what directory watches miss: renames, the symlink swaps of certbot and Kubernetes, network file systems.
 */
export class CertificateFiles implements ServerTls {
  readonly #config: CertificateFilesConfig
  readonly #options: CertificateFilesOptions
  readonly #listeners = new Set<() => void>()
  #paths: CertificatePaths | undefined
  #material: CertificateMaterial | undefined
  /** What the files looked like when they were last read, well or badly. */
  #seen = ''
  /** Bad files at the last look, not yet complained about: certificate and key are seldom replaced in the same instant. */
  #doubtful = false
  #warnedAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(config: CertificateFilesConfig, options: CertificateFilesOptions) {
    this.#config = config
    this.#options = options
  }

  /** Rejects with TLS_MATERIAL when the files cannot be used. */
  async start(): Promise<void> {
    this.#paths = await this.#findPaths()
    this.#seen = await fingerprint(this.#paths)
    this.#material = await readMaterial(this.#paths)
    this.#warnOfExpiry()
    this.#timer = setInterval(() => this.#enqueue(() => this.#look()), this.#options.pollMs ?? 3000).unref()
  }

  async stop(_deadline?: AbortSignal): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#reading
  }

  options(): ServerTlsOptions {
    if (this.#material === undefined) throw new RelayError('INTERNAL', 'certificate files were used before they were read')
    const { cert, key, ca } = this.#material
    return {
      cert,
      key,
      ca,
      minVersion: this.#config.min_version,
      secureOptions,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined && this.#config.client_auth === 'required',
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  reload(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#paths === undefined) return
      this.#seen = await fingerprint(this.#paths)
      const error = await this.#replace(this.#paths)
      if (error !== undefined) this.#complain(error)
    })
  }

  async #findPaths(): Promise<CertificatePaths> {
    const { cert_file: certFile, key_file: keyFile, client_ca_file: clientCaFile } = this.#config
    if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, clientCaFile }
    if (certFile === undefined && keyFile === undefined) {
      return { ...(await selfSignedPair(this.#options.dataDir)), clientCaFile }
    }
    const [given, missing] = certFile === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file']
    throw new RelayError('TLS_MATERIAL', `tls.${given} is set but tls.${missing} is not`, {
      hint: `set both, or neither for a self-signed certificate`,
    })
  }

  /** One reading at a time, whoever asks for it. */
  #enqueue(read: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading.then(read).catch((error: unknown) => this.#complain(RelayError.from(error)))
    return this.#reading
  }

  async #look(): Promise<void> {
    if (this.#paths === undefined) return
    this.#warnOfExpiry()
    const now = await fingerprint(this.#paths)
    if (now === this.#seen && !this.#doubtful) return
    const settled = now === this.#seen
    this.#seen = now
    const error = await this.#replace(this.#paths)
    this.#doubtful = error !== undefined && !settled
    if (error !== undefined && settled) this.#complain(error)
  }

  async #replace(paths: CertificatePaths): Promise<RelayError | undefined> {
    let material: CertificateMaterial
    try {
      material = await readMaterial(paths)
    } catch (error) {
      return RelayError.from(error, 'TLS_MATERIAL')
    }
    this.#doubtful = false
    if (sameMaterial(material, this.#material)) return undefined
    this.#material = material
    this.#warnedAtMs = Number.NEGATIVE_INFINITY
    this.#options.logger.info(
      { file: paths.certFile, notAfter: isoDate(material.notAfterMs) },
      'new certificate in use for new connections',
    )
    this.#warnOfExpiry()
    for (const listener of this.#listeners) listener()
    return undefined
  }

  #complain(error: RelayError): void {
    const fields = { code: error.code, hint: error.hint }
    this.#options.logger.error(fields, `new certificate files refused, the old ones stay in use: ${error.message}`)
  }

  /** At most once a day. */
  #warnOfExpiry(): void {
    const now = Date.now()
    const notAfterMs = this.#material?.notAfterMs ?? Number.POSITIVE_INFINITY
    if (notAfterMs - now > expiryWarningDays * dayMs || now - this.#warnedAtMs < dayMs) return
    this.#warnedAtMs = now
    const fields = { file: this.#paths?.certFile, notAfter: isoDate(notAfterMs), code: 'TLS_MATERIAL' }
    if (notAfterMs <= now)
      this.#options.logger.error(fields, 'the TLS certificate has expired: senders that check it will refuse to connect')
    else this.#options.logger.warn(fields, `the TLS certificate expires in ${Math.ceil((notAfterMs - now) / dayMs)} days`)
  }
}

/** Changes whenever one of the files is replaced or written; `stat` follows symlinks. */
async function fingerprint(paths: CertificatePaths): Promise<string> {
  const files = [paths.certFile, paths.keyFile, ...(paths.clientCaFile === undefined ? [] : [paths.clientCaFile])]
  const parts = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ dev, ino, size, mtimeMs, ctimeMs }) => [dev, ino, size, mtimeMs, ctimeMs].join(':'),
        () => 'unreadable', // reading it says why
      ),
    ),
  )
  return parts.join(' ')
}

function sameMaterial(a: CertificateMaterial, b: CertificateMaterial | undefined): boolean {
  if (b === undefined || !a.cert.equals(b.cert) || !a.key.equals(b.key)) return false
  return a.ca === undefined || b.ca === undefined ? a.ca === b.ca : a.ca.equals(b.ca)
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString()
}
