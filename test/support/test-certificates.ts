import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Pem {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  /** Signed by this authority, or by itself. */
  readonly ca?: Pem
  readonly isCa?: boolean
  readonly notAfter?: Date
}

/** A fresh certificate for `commonName`, or without a subject where that is empty, valid for localhost and 127.0.0.1. */
export async function makeCertificate(commonName: string, { ca, isCa = false, notAfter }: CertificateRequest = {}): Promise<Pem> {
  const made = await generate(commonName === '' ? [] : [{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 3 * 86_400_000),
    notAfterDate: notAfter ?? new Date(Date.now() + 90 * 86_400_000),
    ...(ca === undefined ? {} : { ca }),
    extensions: [
      { name: 'basicConstraints', cA: isCa, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: isCa, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { cert: made.cert, key: made.private }
}

/** Writes the pair as `cert.pem` and `key.pem` and returns their paths as the configuration names them. */
export function writePair(directory: string, { cert, key }: Pem): { cert_file: string; key_file: string } {
  mkdirSync(directory, { recursive: true })
  const paths = { cert_file: join(directory, 'cert.pem'), key_file: join(directory, 'key.pem') }
  writeFileSync(paths.cert_file, cert)
  writeFileSync(paths.key_file, key)
  return paths
}
