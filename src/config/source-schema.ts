import { z } from 'zod'
import { deviceName, messageLimits } from './device-schema.ts'
import { cidr } from './formats.ts'
import { s3SourceSchema } from './s3-schema.ts'
import { serverTlsSchema } from './tls-schema.ts'
import { duration, size } from './units.ts'

/** What every source has that listens for connections. */
const listening = {
  device: deviceName('generic-rfc5424'),
  host: z
    .string()
    .min(1)
    .default('::')
    .describe('Address or name to listen on; a name stands for all of its addresses. `::` is every IPv6 and IPv4 address.'),
  ...messageLimits,
  max_connections: z.int().min(1).default(20_000).describe('Open TCP and TLS connections; further ones are closed and counted.'),
  max_connections_per_peer: z.int().min(1).default(20_000).describe('The same for one IP address.'),
  max_connection_age: duration()
    .default(0)
    .describe(
      'Ask a connection to end after about so long (up to a fifth less), between two messages, so that its sender comes back through the load balancer. 0: never.',
    ),
  idle_timeout: duration()
    .default(0)
    .describe('Close a connection that brought nothing for so long. It stands still while the relay itself has paused reading.'),
  handshake_timeout: duration({ min: 1 }).default(10_000).describe('Time for a TLS handshake, and for a PROXY header.'),
  allow: z.array(cidr()).min(1).optional().describe('Networks that may send, e.g. `10.0.0.0/8`. Default: all.'),
  proxy_protocol: z
    .enum(['off', 'optional', 'required'])
    .default('off')
    .describe(
      'PROXY protocol v1 and v2 from `trusted_proxies`. `optional`: a header names the true client where there is one. `required`: a TCP or TLS connection without one is closed.',
    ),
  trusted_proxies: z
    .array(cidr())
    .min(1)
    .optional()
    .describe('Networks of the load balancers whose PROXY headers are believed. From anybody else a header is data.'),
  tls: serverTlsSchema.optional().describe('Certificate of this source alone, in place of the top-level `tls`.'),
}

export const syslogSourceSchema = z.strictObject({
  type: z.literal('syslog'),
  port: z
    .int()
    .min(0)
    .max(65535)
    .optional()
    .describe("One number for all transports. Default: the device type's port. 0 lets the system choose."),
  transports: z
    .array(z.enum(['udp', 'tcp', 'tls']))
    .min(1)
    .default(['udp', 'tcp', 'tls'])
    .describe('TCP and TLS share the port: the first byte tells them apart.'),
  ...listening,
  framing: z
    .enum(['auto', 'octet-counting', 'newline', 'nul'])
    .default('auto')
    .describe('How messages are told apart on TCP and TLS (RFC 6587). `auto` decides per connection.'),
  receive_buffer: size()
    .default(8 * 2 ** 20)
    .describe("Receive buffer asked of the system for each UDP socket; the system's net.core.rmem_max may grant less."),
  udp_sockets: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      'UDP sockets on the port (SO_REUSEPORT), each with its own receive buffer; each sender stays with one of them. With more than one, a broadcast or multicast datagram arrives once for each.',
    ),
})

export const relpSourceSchema = z.strictObject({
  type: z.literal('relp'),
  port: z.int().min(0).max(65535).describe('A port of its own: RELP cannot share one with syslog. 0 lets the system choose.'),
  transports: z
    .array(z.enum(['tcp', 'tls']))
    .min(1)
    .default(['tcp', 'tls'])
    .describe('Both share the port: the first byte tells them apart.'),
  ...listening,
})

export const sourceSchema = z.discriminatedUnion('type', [syslogSourceSchema, relpSourceSchema, s3SourceSchema])
