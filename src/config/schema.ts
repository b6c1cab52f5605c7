import { z } from 'zod'
import { deviceTypes, isDeviceType } from './device-types.ts'
import { cidr, endpoint, hostPort, name, timezone } from './formats.ts'
import { nearest } from './nearest.ts'
import { duration, size } from './units.ts'

/**
 * The configuration: every key, its type, its default and its documentation stand here and nowhere else.
 * Values come out in the units that the code uses: bytes and milliseconds.
 */

const filePath = () => z.string().min(1).meta({ typeName: 'file' })

const tlsFiles = {
  cert_file: filePath().optional().describe('PEM certificate chain, the leaf first. Read again when the file changes.'),
  key_file: filePath().optional().describe('PEM private key of that certificate, not encrypted.'),
}

const minVersion = z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest TLS version that is spoken.')

export const serverTlsSchema = z.strictObject({
  ...tlsFiles,
  client_ca_file: filePath()
    .optional()
    .describe('PEM certificates of the authorities that sign client certificates. Setting it turns mutual TLS on.'),
  client_auth: z
    .enum(['required', 'optional'])
    .default('required')
    .describe('With client_ca_file: whether a client without a certificate is refused.'),
  min_version: minVersion,
})

const clientTlsSchema = z.strictObject({
  ...tlsFiles,
  ca_file: filePath().optional().describe("PEM certificates to trust instead of the system's authorities."),
  verify: z
    .boolean()
    .default(true)
    .describe("Whether the server's certificate and name are checked. Turning it off lets anybody read and take the logs."),
  server_name: z.string().min(1).optional().describe('Name to ask for and to check, where it differs from the endpoint.'),
  min_version: minVersion,
})

export const syslogSourceSchema = z.strictObject({
  type: z.literal('syslog'),
  device: z
    .string()
    .superRefine((device, context) => {
      if (isDeviceType(device)) return
      const near = nearest(
        device,
        deviceTypes.map(({ name }) => name),
      )
      const hint = near === undefined ? '`logrelay types` lists them' : `write "${near}"; \`logrelay types\` lists them all`
      context.addIssue({ code: 'custom', message: 'is not a known device type', params: { hint } })
    })
    .default('generic-rfc5424')
    .describe('Kind of sender: decides the default port and what parsing expects. See `logrelay types`.'),
  host: z
    .string()
    .min(1)
    .default('::')
    .describe('Address or name to listen on; a name stands for all of its addresses. `::` is every IPv6 and IPv4 address.'),
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
  framing: z
    .enum(['auto', 'octet-counting', 'newline', 'nul'])
    .default('auto')
    .describe('How messages are told apart on TCP and TLS (RFC 6587). `auto` decides per connection.'),
  max_message_size: size({ max: 16 * 2 ** 20 })
    .default(65_536)
    .describe('A longer message is treated as `when_too_long` says.'),
  when_too_long: z
    .enum(['truncate', 'reject'])
    .default('truncate')
    .describe('`truncate`: cut, deliver, mark and count. `reject`: drop and count.'),
  max_connections: z.int().min(1).default(20_000).describe('Open TCP and TLS connections; further ones are closed and counted.'),
  max_connections_per_peer: z.int().min(1).default(20_000).describe('The same for one IP address.'),
  idle_timeout: duration()
    .default(0)
    .describe('Close a connection that brought nothing for so long. It stands still while the relay itself has paused reading.'),
  handshake_timeout: duration({ min: 1 }).default(10_000).describe('Time for a TLS handshake.'),
  allow: z.array(cidr()).min(1).optional().describe('Networks that may send, e.g. `10.0.0.0/8`. Default: all.'),
  timezone: timezone().default('UTC').describe('Zone of dates that name none: an IANA name or an offset such as `+02:00`.'),
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
  tls: serverTlsSchema.optional().describe('Certificate of this source alone, in place of the top-level `tls`.'),
})

export const queueSchema = z.strictObject({
  max_size: size()
    .default(2 ** 30)
    .describe('Bytes on disk (compressed) that may wait for the slowest sink.'),
  when_full: z
    .enum(['block', 'drop_newest', 'drop_oldest'])
    .default('block')
    .describe('`block`: close the port and stop reading. `drop_*`: the port stays open, drops are counted.'),
  durability: z
    .enum(['always', 'assisted'])
    .default('always')
    .describe(
      '`always`: fsynced before it is forwarded. `assisted`: kept in memory and on disk only when the sinks lag and at a stop, so a kill or a power cut loses up to two seconds of messages.',
    ),
  max_memory: size({ min: 2 ** 20 })
    .default(96 * 2 ** 20)
    .describe(
      '`assisted`: bytes of messages kept in memory, which have to hold what a receiver takes before it is known to have read it (see `max_unsettled_bytes`). Near the limit senders are held to the pace of the sinks, and where those stand still the disk takes over.',
    ),
})

const retrySchema = z.strictObject({
  initial: duration({ min: 1 }).default(1000).describe('First wait after a failure.'),
  max: duration({ min: 1 }).default(300_000).describe('Longest wait; each one is twice the last, with jitter.'),
})

const sinkBasics = {
  retry: retrySchema.prefault({}).describe('Exponential back-off.'),
  max_batch_size: size()
    .default(2 ** 20)
    .describe('About how many bytes are sent at once.'),
}

const format = z
  .enum(['raw', 'rfc5424', 'json'])
  .default('raw')
  .describe(
    '`raw`: the bytes as received. `rfc5424`: rewritten, with the true client in the `origin` element. `json`: Elastic Common Schema.',
  )

export const syslogSinkSchema = z.strictObject({
  type: z.literal('syslog'),
  endpoints: z
    .array(endpoint(['tcp', 'tls', 'udp']))
    .min(1)
    .describe('Where to send: `tcp://host:port`, `tls://host:port`, `udp://host:port`. Ports left out are 601, 6514 and 514.'),
  format,
  framing: z
    .enum(['octet-counting', 'newline'])
    .default('octet-counting')
    .describe('RFC 6587, on TCP and TLS. Octet counting carries any byte.'),
  line_feeds: z
    .enum(['escape', 'space', 'keep'])
    .default('escape')
    .describe(
      'With newline framing: what becomes of a line feed inside a message: `#012`, a space, or untouched (the receiver sees two messages).',
    ),
  balance: z
    .enum(['failover', 'round_robin'])
    .default('failover')
    .describe('`failover`: the first endpoint that works. `round_robin`: each in turn.'),
  tls: clientTlsSchema.prefault({}).describe('For tls:// endpoints.'),
  connect_timeout: duration({ min: 1 }).default(10_000).describe('Time to connect, TLS handshake included.'),
  max_unsettled_bytes: size()
    .default(128 * 2 ** 20)
    .describe(
      'On TCP and TLS: about how many bytes may be written to one connection without their receiver having shown that it has read them. They stay queued and are sent again when the connection is lost.',
    ),
  ...sinkBasics,
})

export const fileSinkSchema = z.strictObject({
  type: z.literal('file'),
  path: z
    .string()
    .min(1)
    .default('logs/{pipeline}.log')
    .describe(
      'File to append to; `{pipeline}` becomes the name of the pipeline, a relative path begins at data_dir, `-` is standard output.',
    ),
  format,
  line_feeds: z.enum(['escape', 'space', 'keep']).default('escape').describe('What becomes of a line feed inside a message.'),
  max_file_size: size()
    .default(100 * 2 ** 20)
    .describe('The file is rotated before it grows beyond.'),
  max_files: z.int().min(1).max(1000).default(10).describe('Rotated files kept: `name.1` is the newest.'),
  ...sinkBasics,
})

export const sinkSchema = z.discriminatedUnion('type', [syslogSinkSchema, fileSinkSchema])
export const sourceSchema = z.discriminatedUnion('type', [syslogSourceSchema])

export const pipelineSchema = z.strictObject({
  source: sourceSchema,
  queue: queueSchema.prefault({}),
  sinks: z.array(z.string()).min(1).describe('Names from `sinks`; each gets every message.'),
})

export const configSchema = z.strictObject({
  data_dir: z
    .string()
    .min(1)
    .default('/var/lib/logrelay')
    .describe('Queues, the self-signed certificate and the control socket live here; a relative path begins at the working directory.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least important lines that are written.'),
    })
    .prefault({})
    .describe("The relay's own log: JSON lines on standard error."),
  admin: z
    .strictObject({
      listen: hostPort()
        .default({ host: '127.0.0.1', port: 9440 })
        .describe('Address of /livez, /readyz, /metrics and /status. Loopback unless you know better: it is not authenticated.'),
    })
    .prefault({}),
  health: z
    .strictObject({
      listen: hostPort().describe('Address of /livez and /readyz alone, for load balancers. Without the section there is none.'),
    })
    .optional(),
  tls: serverTlsSchema.prefault({}).describe('Certificate for all sources. Without files a self-signed pair is made in data_dir.'),
  min_free_disk: size()
    .default(256 * 2 ** 20)
    .describe('Below it intake stops until there is room again; what is queued is still delivered.'),
  stop_timeout: duration().default(25_000).describe('Time to finish after SIGTERM: what is not delivered by then stays on disk.'),
  sinks: z.record(name(), sinkSchema).describe('Where messages go; each pipeline names one or more.'),
  pipelines: z
    .record(name(), pipelineSchema)
    .refine((all) => Object.keys(all).length > 0, { error: 'needs at least one pipeline' })
    .describe('One line from a port to its sinks, with a queue on disk between.'),
})

export type Config = z.output<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
export type PipelineConfig = z.output<typeof pipelineSchema>
export type SyslogSourceConfig = z.output<typeof syslogSourceSchema>
export type QueueConfig = z.output<typeof queueSchema>
export type SinkConfig = z.output<typeof sinkSchema>
export type SyslogSinkConfig = z.output<typeof syslogSinkSchema>
export type FileSinkConfig = z.output<typeof fileSinkSchema>
export type ServerTlsConfig = z.output<typeof serverTlsSchema>
export type ClientTlsConfig = z.output<typeof clientTlsSchema>
