import { z } from 'zod'
import { endpoint, hostPort, name } from './formats.ts'
import { type relpSourceSchema, sourceSchema, type syslogSourceSchema } from './source-schema.ts'
import { filePath, minVersion, serverTlsSchema, tlsFiles } from './tls-schema.ts'
import { duration, size } from './units.ts'

/**
 * The configuration: every key, its type, its default and its documentation stand here, in source-schema.ts and in
 * tls-schema.ts, and nowhere else. Values come out in the units that the code uses: bytes and milliseconds.
 */

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
    .array(endpoint(['tcp', 'tls', 'udp', 'relp', 'relps']))
    .min(1)
    .describe(
      'Where to send: `tcp://host:port`, `tls://`, `udp://`, and RELP as `relp://` and `relps://` (over TLS). Ports left out are 601, 6514, 514, and 2514 for RELP.',
    ),
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
    .enum(['failover', 'round_robin', 'least_loaded'])
    .default('failover')
    .describe(
      '`failover`: the first endpoint that works. `round_robin`: each in turn. `least_loaded`: the one that owes the fewest answers. Those two send to several at a time, so messages may overtake each other.',
    ),
  tls: clientTlsSchema.prefault({}).describe('For tls:// and relps:// endpoints.'),
  connect_timeout: duration({ min: 1 }).default(10_000).describe('Time to connect, TLS handshake included.'),
  send_timeout: duration({ min: 1 })
    .default(30_000)
    .describe('With several endpoints: one that takes nothing for so long, or does not acknowledge, loses its messages to the others.'),
  max_connection_age: duration()
    .default(0)
    .describe(
      'Open a connection anew after about so long (up to a fifth less): its name is looked up again, and a load balancer chooses again. 0: never.',
    ),
  max_unsettled_bytes: size()
    .default(128 * 2 ** 20)
    .describe(
      'On TCP, TLS and RELP: about how many bytes may be written to one connection without their receiver having shown that it has read them (RELP: acknowledged them). They stay queued and are sent again when the connection is lost.',
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
  drain_delay: duration()
    .default(0)
    .describe(
      'After SIGTERM or `logrelay drain`: how long /readyz is red while the ports still take messages, so that load balancers turn away first.',
    ),
  stop_timeout: duration().default(25_000).describe('Time to finish after `drain_delay`: what is not delivered by then stays on disk.'),
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
export type RelpSourceConfig = z.output<typeof relpSourceSchema>
export type SourceConfig = z.output<typeof sourceSchema>
export type QueueConfig = z.output<typeof queueSchema>
export type SinkConfig = z.output<typeof sinkSchema>
export type SyslogSinkConfig = z.output<typeof syslogSinkSchema>
export type FileSinkConfig = z.output<typeof fileSinkSchema>
export type ServerTlsConfig = z.output<typeof serverTlsSchema>
export type ClientTlsConfig = z.output<typeof clientTlsSchema>
