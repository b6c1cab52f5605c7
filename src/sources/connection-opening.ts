import type { Transport } from '../core/batch.ts'

/** What the first bytes of a connection ask for, or why it cannot have it. */
export type Opening = 'syslog' | 'tls' | 'tls_not_offered' | 'plain_not_offered'

// RFC 8446 5.1: a TLS record of type handshake (22), legacy_record_version 3.x. No syslog message begins with 22.
const handshakeRecord = 0x16
const recordVersion = 0x03

/**
 * Decides by the first bytes how a new connection goes on. This is the step between accepting a connection and framing it:
 * what stands before both TLS and syslog, such as a PROXY header naming the true client, is to be read here.
 */
export function readOpening(first: Buffer, transports: readonly Transport[]): Opening {
  if (first[0] === handshakeRecord) {
    if (transports.includes('tls')) return 'tls'
    // Only a sure client hello is turned away: anything else could be a message, and is one.
    if (first[1] === recordVersion) return 'tls_not_offered'
  }
  return transports.includes('tcp') ? 'syslog' : 'plain_not_offered'
}
