import type { ProxyReading } from './proxy-reading.ts'
import { readProxyV1, v1Signature } from './proxy-v1.ts'
import { readProxyV2, v2Signature } from './proxy-v2.ts'

export type { ProxyHeader, ProxyReading } from './proxy-reading.ts'

const versions = [
  { signature: v1Signature, read: readProxyV1 },
  { signature: v2Signature, read: readProxyV2 },
]

/**
 * Reads one header of the PROXY protocol, version 1 or 2, at the beginning of `bytes`; no bytes are `more`. It says the same
 * however the bytes are cut: what it calls malformed no further bytes make good. At most 4112 bytes are looked at.
 */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  for (const { signature, read } of versions) {
    const shared = Math.min(bytes.length, signature.length)
    if (bytes.compare(signature, 0, shared, 0, shared) !== 0) continue
    return shared < signature.length ? { kind: 'more', undecided: true } : read(bytes)
  }
  return { kind: 'none' }
}
