import { BulkIndex } from './bulk-index.ts'

type Json = Record<string, unknown>

interface Template {
  readonly index_patterns?: readonly string[]
  readonly priority?: number
  readonly data_stream?: Json
  readonly composed_of?: readonly string[]
  readonly template?: { readonly settings?: Json; readonly mappings?: Json }
}

/** A new index or data stream as the installed templates have it: the one with the highest priority of those that match. */
export function indexFromTemplates(name: string, installed: ReadonlyMap<string, Json>): BulkIndex {
  const [template] = [...installed]
    .filter(([path]) => path.startsWith('/_index_template/'))
    .map(([, body]) => body as Template)
    .filter(({ index_patterns }) => index_patterns?.some((pattern) => matches(pattern, name)))
    .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
  if (template === undefined) return new BulkIndex(name)
  const parts = [...(template.composed_of ?? []).map((part) => installed.get(`/_component_template/${part}`) as Template), template]
  const properties = parts.map((part) => part.template?.mappings?.properties ?? {})
  const ignoreMalformed = template.template?.settings?.['index.mapping.ignore_malformed'] === true
  return new BulkIndex(name, {
    mappings: { properties: Object.assign({}, ...properties) },
    ignoreMalformed,
    dataStream: template.data_stream !== undefined,
  })
}

/** Whether a name is that of the pattern, in which `*` stands for anything. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
