import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { formatHostPort, type HostPort } from '../src/config/formats.ts'
import { configSchema, pipelineSchema, queueSchema } from '../src/config/schema.ts'
import { kindName, kinds, unwrap } from '../src/config/schema-walk.ts'
import { sinkSchema } from '../src/config/sink-schema.ts'
import { sourceSchema } from '../src/config/source-schema.ts'
import { formatDuration, formatSize } from '../src/config/units.ts'

/** Writes docs/configuration.md from the schema: `npm run docs`. A test fails when the file is not what this makes. */

const docs = new URL('../docs/', import.meta.url)

export function configurationDocs(): string {
  const { sinks: _sinks, pipelines: _pipelines, ...top } = configSchema.shape
  const { source: _source, queue: _queue, ...pipeline } = pipelineSchema.shape
  return [
    '# Configuration',
    '',
    intro,
    section('Top level', 'Beside these there are `sinks` and `pipelines`, each a section of names.', top),
    ...kinds(sinkSchema).map((kind) => section(`sinks.NAME, type: ${kindName(kind)}`, 'A place where messages go.', kind.shape)),
    section('pipelines.NAME', 'One line from a port to its sinks. Beside these keys it has `source` and `queue`.', pipeline),
    ...kinds(sourceSchema).map((kind) =>
      section(`pipelines.NAME.source, type: ${kindName(kind)}`, 'Where messages come from.', kind.shape),
    ),
    section('pipelines.NAME.queue', 'The queue on disk between them.', queueSchema.shape),
    '## Example',
    '',
    'This is docs/example.yaml.',
    '',
    '```yaml',
    readFileSync(new URL('example.yaml', docs), 'utf8').trimEnd(),
    '```',
    '',
  ].join('\n')
}

const intro = `<!-- Made from src/config/schema.ts by \`npm run docs\`: change it there. -->

\`logrelay\` reads the file named by \`--config FILE\`, else \`/etc/logrelay/logrelay.yaml\` where there is one, else a built-in
configuration that works on a laptop as it is (src/config/builtin.ts). \`logrelay check\` says what is wrong in a file, where, and what to write instead;
the relay does not start with a file that has mistakes, and a reload (SIGHUP) that finds one keeps what it had.

The file is YAML 1.2, with anchors, aliases and \`<<\` merge keys. Unknown keys are mistakes. Values:

| type | how it is written |
|---|---|
| size | \`64KiB\`, \`500MB\`, \`1GiB\`, or a number of bytes |
| duration | \`500ms\`, \`10s\`, \`5m\`, \`1h\`, \`1d\`; \`off\` where the table says so |
| address | \`127.0.0.1:9440\`, \`[::1]:9440\` |
| file | a path; a relative one begins at the working directory unless the table says otherwise |
| secret | \`{ file: /path }\`, \`{ env: NAME }\`, or the text itself; a relative file is first looked for among systemd's credentials |
| URL | \`https://host:port/path\` |
`

type Shape = Readonly<Record<string, z.ZodType>>

function section(title: string, text: string, shape: Shape): string {
  return [`## ${title}`, '', text, '', '| key | type | default | what it does |', '|---|---|---|---|', ...rows(shape, ''), ''].join('\n')
}

function rows(shape: Shape, prefix: string): string[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const inner = unwrap(schema)
    const row = `| \`${prefix}${key}\` | ${typeName(inner)} | ${defaultOf(schema)} | ${cell(descriptionOf(schema))} |`
    return inner instanceof z.ZodObject ? [...sectionRow(row, schema), ...rows(inner.shape, `${prefix}${key}.`)] : [row]
  })
}

/** A section has a line of its own when there is something to say about it. */
function sectionRow(row: string, schema: z.ZodType): string[] {
  return descriptionOf(schema) === '' ? [] : [row]
}

function typeName(schema: z.ZodType): string {
  const named = schema.meta()?.typeName
  if (typeof named === 'string') return named
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${option}\``).join(', ')
  if (schema instanceof z.ZodLiteral) return `\`${String(schema.value)}\``
  if (schema instanceof z.ZodArray) return `list of ${typeName(unwrap(schema.element as z.ZodType))}`
  if (schema instanceof z.ZodObject) return 'section'
  if (schema instanceof z.ZodBoolean) return '`true`, `false`'
  if (schema instanceof z.ZodNumber) return 'number'
  if (schema instanceof z.ZodString) return 'text'
  if (schema instanceof z.ZodRecord) return `section of ${typeName(unwrap(schema.valueType as z.ZodType))}`
  throw new TypeError(`no name for the type ${schema.type}: give its schema .meta({ typeName })`)
}

function defaultOf(schema: z.ZodType): string {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return ''
  if (!(schema instanceof z.ZodDefault)) return unwrap(schema) instanceof z.ZodLiteral ? '' : 'required'
  const value: unknown = schema.def.defaultValue
  const type = typeName(unwrap(schema))
  if (type === 'size') return `\`${formatSize(value as number)}\``
  if (type === 'duration') return `\`${formatDuration(value as number)}\``
  if (type === 'address') return `\`${formatHostPort(value as HostPort)}\``
  if (typeof value === 'object' && !Array.isArray(value)) return ''
  return value === '' ? '' : `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``
}

/** The description may stand before or after `.default()`. */
function descriptionOf(schema: z.ZodType): string {
  return schema.description ?? unwrap(schema).description ?? ''
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (import.meta.main) writeFileSync(new URL('configuration.md', docs), configurationDocs())
