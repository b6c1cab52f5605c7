import type { SecureContext, Server } from 'node:tls'

/** What Node asks for each ticket that it makes or gets: what to do, then keys, name and initialization vector. */
type TicketKeys = readonly [use: 0 | 1 | 2, hmacKey: Buffer, aesKey: Buffer, name: Buffer, iv: Buffer]
interface TicketContext {
  onticketkeycallback?: (name: Buffer, iv: Buffer, making: boolean) => TicketKeys
  enableTicketKeyCallback?(): void
}

const unused = Buffer.alloc(16)
const noTicket: TicketKeys = [0, unused, unused, unused, unused]

/**
 * Has a server send no session tickets; to be called again after each `setSecureContext`.
 *
 * In TLS 1.3 they follow the handshake (RFC 8446, section 4.6.1), and most syslog senders only ever write. When one of them
 * closes with the tickets unread, its kernel resets the connection (RFC 1122, section 4.2.2.13) and throws away the messages
 * that it had not sent yet. What is given up are shorter handshakes for TLS 1.2 clients that come back; Node resumes no
 * TLS 1.3 session.
 *
 * No option of Node does this: SSL_OP_NO_TICKET only changes what is in the tickets of TLS 1.3. The callback is private to
 * Node, and the runtime is pinned; where it is missing the tickets are sent.
 */
export function withoutTickets(server: Server): void {
  const shared = '_sharedCreds' in server ? (server._sharedCreds as SecureContext | undefined) : undefined
  const context = shared?.context as TicketContext | undefined
  if (typeof context?.enableTicketKeyCallback !== 'function') return
  context.onticketkeycallback = () => noTicket
  context.enableTicketKeyCallback()
}
