import { z } from 'zod'
import { indexPattern } from './formats.ts'
import { httpBasics } from './http-schema.ts'
import { secret } from './secret-schema.ts'

const dataStreamPart = (most: number) =>
  z
    .string()
    .regex(/^[a-z0-9_.{}]+$/, { error: 'must be lower case letters, digits, "_" and ".", and {device} or {pipeline}' })
    .max(most)

export const elasticsearchSinkSchema = z.strictObject({
  type: z.literal('elasticsearch'),
  ...httpBasics,
  api_key: secret().optional().describe('API key as Elasticsearch gives it (`encoded`), in place of `username` and `password`.'),
  data_stream: z
    .strictObject({
      type: dataStreamPart(20).default('logs').describe('`logs`, unless you know better: templates and roles go by it.'),
      dataset: dataStreamPart(100).default('logrelay.{device}').describe('`{device}` and `{pipeline}` are filled in; "-" becomes "_".'),
      namespace: dataStreamPart(100).default('default').describe('Tells environments or tenants apart.'),
    })
    .optional()
    .describe('Write to the data stream `type-dataset-namespace`. The default where neither this nor `index` is set.'),
  index: indexPattern()
    .optional()
    .describe(
      'Write to an index instead: `syslog-{pipeline}-{yyyy.MM.dd}`. The date is that of the receipt, in UTC; `{device}` is there as well.',
    ),
  ingest_pipeline: z.string().min(1).optional().describe('Ingest pipeline of the cluster that documents go through.'),
  compression: z.enum(['gzip', 'none']).default('gzip').describe('Content-Encoding of the body.'),
  event_original: z.boolean().default(false).describe('Keep the whole message as received in `event.original`.'),
  json_body: z
    .enum(['off', 'merge', 'nest'])
    .default('off')
    .describe(
      'A message that is a JSON object (Suricata EVE): left as text, its fields at the top of the document, or all of it below `json_field`.',
    ),
  json_field: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/i, { error: 'must be the name of a field' })
    .default('json')
    .describe('Where a JSON body goes with `nest`, and with `merge` what would collide with fields of ours.'),
  labels: z.record(z.string().min(1), z.string()).default({}).describe('`labels` of every document.'),
})
