import { z } from 'zod'
import { httpEndpoint, proxyUrl } from './formats.ts'
import { secret } from './secret-schema.ts'
import { sinkBasics } from './sink-basics.ts'
import { clientTlsSchema } from './tls-schema.ts'
import { duration, size } from './units.ts'

/** What every sink has that speaks HTTP. */
export const httpBasics = {
  endpoints: z
    .array(httpEndpoint())
    .min(1)
    .describe('Where to send: `https://host:port/path`. A port left out is 443, or 80 with `http://`; Elasticsearch listens on 9200.'),
  balance: z
    .enum(['failover', 'round_robin', 'least_loaded'])
    .default('round_robin')
    .describe(
      '`failover`: the first endpoint that works. `round_robin`: each in turn. `least_loaded`: the one that owes the fewest answers.',
    ),
  username: z.string().min(1).optional().describe('Basic authentication, with `password`.'),
  password: secret().optional().describe('`{ file: /path }`, `{ env: NAME }`, or the text itself. Read again when it changes.'),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'must be the name of an HTTP header' }), secret())
    .default({})
    .describe('Further headers of each request; the values may be secrets: `{ file: /path }`, `{ env: NAME }`.'),
  tls: clientTlsSchema.prefault({}).describe('For https:// endpoints.'),
  proxy: proxyUrl()
    .default('off')
    .describe('HTTP proxy to go through: `http://proxy:3128`, `environment` (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or `off`.'),
  connect_timeout: duration({ min: 1 }).default(10_000).describe('Time to connect, TLS handshake included.'),
  request_timeout: duration({ min: 1 }).default(60_000).describe('Time for the whole answer to a request.'),
  max_request_size: size({ min: 2 ** 16, max: 256 * 2 ** 20 })
    .default(8 * 2 ** 20)
    .describe('Bytes of a body before compression, at most. What suits the receiver is found out below it.'),
  max_requests_in_flight: z.int().min(1).max(64).default(4).describe('Requests to one endpoint at a time, at most.'),
  ...sinkBasics,
}

export const httpSinkSchema = z.strictObject({
  type: z.literal('http'),
  preset: z
    .enum(['splunk_hec'])
    .optional()
    .describe("Speaks a receiver's own protocol: `splunk_hec` is Splunk's HTTP Event Collector, with acknowledgement."),
  ...httpBasics,
  method: z.enum(['POST', 'PUT']).default('POST').describe('Method of the requests.'),
  encoding: z
    .enum(['ndjson', 'json_array', 'lines'])
    .default('ndjson')
    .describe('Body of a request: ECS documents, one a line; an array of them; or messages in `format`, one a line.'),
  format: z
    .enum(['raw', 'rfc5424', 'json'])
    .default('raw')
    .describe('With `encoding: lines`: as received, rewritten, or ECS. A line feed inside a message is escaped.'),
  compression: z.enum(['gzip', 'zstd', 'none']).default('gzip').describe('Content-Encoding of the body.'),
  splunk: z
    .strictObject({
      token: secret().describe('Token of the HTTP Event Collector.'),
      index: z.string().min(1).optional().describe("Default: the token's own."),
      source: z.string().min(1).optional().describe("Splunk's `source`. Default: the name of the pipeline."),
      sourcetype: z.string().min(1).optional().describe("Default: the token's own."),
      acknowledgement: z
        .boolean()
        .default(true)
        .describe('Ask whether events are indexed before they count as delivered. The token must have it enabled.'),
      ack_timeout: duration({ min: 1000 }).default(300_000).describe('Events that are not indexed by then are sent again.'),
    })
    .optional()
    .describe('With `preset: splunk_hec`.'),
})

/** Of an answer to a request of so many bytes at most: Elasticsearch says something of each document. What is larger is no answer. */
export function largestBulkAnswer(maxRequestBytes: number): number {
  return Math.min(64 * 2 ** 20, Math.max(2 ** 20, 8 * maxRequestBytes))
}

/** Other receivers need a status and a few words. */
export const largestAnswer: number = 2 ** 20
