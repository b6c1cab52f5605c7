import { generate } from 'selfsigned'

export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface CertificateWishes {
  readonly name?: string
  /** Signs the certificate; without it, it is self-signed. */
  readonly authority?: Pair
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly isAuthority?: boolean
}

/** A certificate for 127.0.0.1 and a name, which is `localhost` unless told otherwise. */
export async function certificate(wishes: CertificateWishes = {}): Promise<Pair> {
  const { name = 'localhost', authority, notBefore, notAfter, isAuthority = false } = wishes
  const addresses = name === 'localhost' ? [{ type: 7 as const, ip: '127.0.0.1' }] : []
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(notBefore && { notBeforeDate: notBefore }),
    ...(notAfter && { notAfterDate: notAfter }),
    ...(authority && { ca: authority }),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }, ...addresses] },
    ],
  })
  return { cert: made.cert, key: made.private }
}
