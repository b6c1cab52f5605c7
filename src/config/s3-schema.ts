import { z } from 'zod'
import { deviceName, messageLimits } from './device-schema.ts'
import { httpEndpoint, startFrom } from './formats.ts'
import { retrySchema } from './retry-schema.ts'
import { secret } from './secret-schema.ts'
import { duration, size } from './units.ts'

/** Ten years: it is compared with dates and is no timer. */
const longestAgeMs = 3650 * 86_400_000

export const s3SourceSchema = z.strictObject({
  type: z.literal('s3'),
  device: deviceName('text'),
  bucket: z.string().min(1).describe('Name of the bucket.'),
  prefix: z.string().default('').describe('Only objects whose key begins so.'),
  region: z.string().min(1).optional().describe("Default: the environment's (AWS_REGION), else us-east-1."),
  endpoint: httpEndpoint().optional().describe('Another S3 server: `https://minio.example.com:9000`.'),
  path_style: z
    .boolean()
    .default(false)
    .describe('`https://server/bucket` in place of `https://bucket.server`: most other S3 servers need it.'),
  profile: z.string().min(1).optional().describe('Profile of the shared AWS configuration files.'),
  credentials: z
    .strictObject({
      access_key_id: secret().describe('Access key.'),
      secret_access_key: secret().describe('Its secret.'),
      session_token: secret().optional().describe('With temporary credentials.'),
    })
    .optional()
    .describe('Default: as the AWS tools find them (environment, shared files, instance or container role).'),
  format: z
    .enum(['auto', 'lines', 'cloudtrail', 'vpc_flow', 'alb', 'nlb', 'cloudfront', 's3_access', 'waf'])
    .default('auto')
    .describe(
      'What is in the objects: lines (JSON lines are lines) or records of an AWS service. `auto` tells by content. gzip and zstd are always told by content.',
    ),
  interval: duration({ min: 100 }).default(60_000).describe('Time between two listings.'),
  start_from: startFrom()
    .default('beginning')
    .describe(
      'What was there before the first start: `beginning` (read all), `now` (none), or a date such as `2026-01-31T00:00:00Z` (what was modified since).',
    ),
  late_arrivals: duration({ max: longestAgeMs })
    .default(86_400_000)
    .describe(
      'An object may turn up in a listing so long after its date of modification (multipart uploads carry the date of their beginning). Older ones that are new are not read.',
    ),
  queue_url: z
    .url({ protocol: /^https?$/, error: 'must be the URL of an SQS queue' })
    .meta({ typeName: 'URL' })
    .optional()
    .describe('SQS queue with the notifications of the bucket: read what it tells in place of listing.'),
  visibility_timeout: duration({ min: 1000, max: 43_200_000 })
    .default(300_000)
    .describe('With `queue_url`: a notification is hidden from other relays so long, which is extended while its object is read.'),
  claims: z
    .strictObject({
      bucket: z.string().min(1).optional().describe('Default: the same bucket.'),
      prefix: z.string().min(1).default('.logrelay/claims/').describe('Keys of the claims begin so.'),
      timeout: duration({ min: 1000 }).default(60_000).describe('A claim that its relay has not renewed for so long is taken over.'),
    })
    .optional()
    .describe('Several relays share the bucket: each object is claimed by a small object, which also holds the progress.'),
  concurrency: z.int().min(1).max(64).default(4).describe('Objects read at a time.'),
  max_object_tries: z.int().min(1).max(1000).default(5).describe('An object that failed so often becomes a dead letter.'),
  rpo: duration({ max: longestAgeMs })
    .default(0)
    .describe(
      'Recovery point objective: `check` and the start warn when a lifecycle rule of the bucket deletes objects sooner. `off`: not looked at.',
    ),
  retry: retrySchema.prefault({}).describe('Exponential back-off while the bucket or queue cannot be reached.'),
  ...messageLimits,
  max_message_size: size({ max: 16 * 2 ** 20 })
    .default(2 ** 20)
    .describe('A longer message is treated as `when_too_long` says.'),
})
