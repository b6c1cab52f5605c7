import { z } from 'zod'
import { elasticsearchSinkSchema } from './elasticsearch-schema.ts'
import { endpoint } from './formats.ts'
import { httpSinkSchema } from './http-schema.ts'
import { sinkBasics } from './sink-basics.ts'
import { clientTlsSchema } from './tls-schema.ts'
import { duration, size } from './units.ts'

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

export const sinkSchema = z.discriminatedUnion('type', [syslogSinkSchema, fileSinkSchema, elasticsearchSinkSchema, httpSinkSchema])
