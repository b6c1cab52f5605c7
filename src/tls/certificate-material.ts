import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { RelayError } from '../core/errors.ts'

export interface CertificatePaths {
  readonly certFile: string
  readonly keyFile: string
  readonly clientCaFile?: string
}

/** Files that were read, parsed and belong together. */
export interface CertificateMaterial {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
  /** End of the leaf certificate's validity, milliseconds since the epoch. */
  readonly notAfterMs: number
}

/** Reads and checks the files. Rejects with TLS_MATERIAL, naming the file and what to do about it. */
export async function readMaterial(paths: CertificatePaths): Promise<CertificateMaterial> {
  const [cert, key, ca] = await Promise.all([
    readPem(paths.certFile, 'the certificate'),
    readPem(paths.keyFile, 'the private key'),
    paths.clientCaFile === undefined ? undefined : readPem(paths.clientCaFile, 'the client authorities'),
  ])
  const leaf = parseCertificate(cert, paths.certFile)
  if (ca !== undefined && paths.clientCaFile !== undefined) parseCertificate(ca, paths.clientCaFile)
  if (!leaf.checkPrivateKey(parseKey(key, paths.keyFile))) {
    throw new RelayError('TLS_MATERIAL', `the key in ${paths.keyFile} does not belong to the certificate in ${paths.certFile}`, {
      hint: 'put both from the same order in place; in a chain the certificate of the relay itself comes first',
    })
  }
  try {
    createSecureContext({ cert, key, ca })
  } catch (cause) {
    // OpenSSL is stricter than its parsers: keys that are too short, digests that are too old, a broken link of the chain.
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new RelayError('TLS_MATERIAL', `${paths.certFile} cannot be used: ${text}`, {
      cause,
      hint: 'use an RSA key of at least 2048 bits or an EC key, and a SHA-256 signature',
    })
  }
  return { cert, key, ca, notAfterMs: Date.parse(leaf.validTo) }
}

async function readPem(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const text = cause instanceof Error ? cause.message : String(cause)
    if (code === 'ENOENT') {
      throw new RelayError('TLS_MATERIAL', `${what} file ${file} does not exist`, { cause, hint: 'correct the path in the configuration' })
    }
    const hint = code === 'EACCES' ? 'let the user that runs the relay read it, for example with setfacl or a group' : undefined
    throw new RelayError('TLS_MATERIAL', `${what} file ${file} cannot be read: ${text}`, { cause, hint })
  }
}

function parseCertificate(pem: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new RelayError('TLS_MATERIAL', `${file} holds no PEM certificate`, {
      cause,
      hint: 'it must begin with -----BEGIN CERTIFICATE-----; convert others with openssl x509 -inform der',
    })
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED')
    throw new RelayError('TLS_MATERIAL', encrypted ? `the key in ${file} is encrypted` : `${file} holds no PEM private key`, {
      cause,
      hint: encrypted
        ? 'the relay starts unattended: store the key decrypted, mode 0600'
        : 'it must begin with -----BEGIN PRIVATE KEY-----',
    })
  }
}
