import { z } from 'zod'
import type { elasticsearchSinkSchema } from './elasticsearch-schema.ts'
import { hostPort, name } from './formats.ts'
import type { httpSinkSchema } from './http-schema.ts'
import type { s3SourceSchema } from './s3-schema.ts'
import { type fileSinkSchema, sinkSchema, type syslogSinkSchema } from './sink-schema.ts'
import { type relpSourceSchema, sourceSchema, type syslogSourceSchema } from './source-schema.ts'
import { type clientTlsSchema, serverTlsSchema } from './tls-schema.ts'
import { duration, size } from './units.ts'

/**
 * The configuration: every key, its type, its default and its documentation stand here and in the
 * other files named *-schema.ts, and nowhere else. Values come out in the units that the code uses: bytes and milliseconds.
 */

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
export type S3SourceConfig = z.output<typeof s3SourceSchema>
/** Sources that others connect to. */
export type ListeningSourceConfig = SyslogSourceConfig | RelpSourceConfig
export type SourceConfig = z.output<typeof sourceSchema>
export type QueueConfig = z.output<typeof queueSchema>
export type SinkConfig = z.output<typeof sinkSchema>
export type SyslogSinkConfig = z.output<typeof syslogSinkSchema>
export type FileSinkConfig = z.output<typeof fileSinkSchema>
export type ElasticsearchSinkConfig = z.output<typeof elasticsearchSinkSchema>
export type HttpSinkConfig = z.output<typeof httpSinkSchema>
export type ServerTlsConfig = z.output<typeof serverTlsSchema>
export type ClientTlsConfig = z.output<typeof clientTlsSchema>
