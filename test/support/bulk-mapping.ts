type Json = Record<string, unknown>

/** `failed to parse field …`, as an item of an answer has it. */
export type MappingError = Json & { readonly type: string; readonly reason: string }

const numbers = new Set(['long', 'float', 'integer', 'short', 'double'])
/** One type takes whatever is below it. */
const wholes = new Set(['flattened', 'flat_object'])

/** The types of an index' fields, by path: as they were mapped, then as the first document with each field has it. */
export class BulkMapping {
  readonly #types = new Map<string, string>()
  readonly #ignoreMalformed: boolean

  constructor(mappings: Json = {}, ignoreMalformed = false) {
    this.#ignoreMalformed = ignoreMalformed
    this.#map(mappings.properties as Json | undefined, '')
  }

  /** Why a document cannot be taken; undefined where it can, and then its fields have their types. */
  take(document: Json, id: string): MappingError | undefined {
    const found = new Map<string, string>()
    const error = this.#visit(document, '', id, found)
    if (error === undefined) for (const [path, type] of found) this.#types.set(path, type)
    return error
  }

  #map(properties: Json | undefined, prefix: string): void {
    for (const [name, field] of Object.entries(properties ?? {})) {
      const { type = 'object', properties, enabled } = field as Json
      this.#types.set(prefix + name, enabled === false ? 'flattened' : (type as string))
      this.#map(properties as Json | undefined, `${prefix}${name}.`)
    }
  }

  #visit(value: unknown, path: string, id: string, found: Map<string, string>): MappingError | undefined {
    const type = this.#types.get(path) ?? found.get(path)
    if (value === null || (type !== undefined && wholes.has(type))) return undefined
    if (Array.isArray(value)) return first(value, (each) => this.#visit(each, path, id, found))
    if (typeof value !== 'object') return this.#leaf(value, path, type, id, found)
    // OpenSearch ignores an object, too, where a value belongs.
    if (type !== undefined && type !== 'object') return this.#ignoreMalformed ? undefined : wrongValue(path, type, id, value)
    if (path !== '') found.set(path, 'object')
    return first(Object.entries(value), ([name, field]) => this.#field(name, field, path, id, found))
  }

  /** A name with dots is a path. */
  #field(name: string, value: unknown, prefix: string, id: string, found: Map<string, string>): MappingError | undefined {
    if (name === '') return parsing('failed to parse', 'illegal_argument_exception', 'field name cannot be an empty string')
    const names = name.split('.')
    let path = prefix
    for (const [i, part] of names.entries()) {
      path = path === '' ? part : `${path}.${part}`
      const type = this.#types.get(path) ?? found.get(path) ?? 'object'
      if (i === names.length - 1) break
      if (type !== 'object') {
        const wanted = `Could not dynamically add mapping for field [${name}]. Existing mapping for [${path}]`
        return parsing(`${wanted} must be of type object but found [${type}].`)
      }
      found.set(path, 'object')
    }
    return this.#visit(value, path, id, found)
  }

  #leaf(value: unknown, path: string, type: string | undefined, id: string, found: Map<string, string>): MappingError | undefined {
    if (type === undefined) found.set(path, dynamicType(value))
    else if (type === 'object') {
      const name = path.split('.').at(-1)
      return parsing(`object mapping for [${path}] tried to parse field [${name}] as object, but found a concrete value`)
    } else if (!this.#ignoreMalformed && numbers.has(type) && Number.isNaN(Number(value))) return wrongValue(path, type, id, value)
    return undefined
  }
}

function dynamicType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'float'
  return typeof value === 'boolean' ? 'boolean' : 'text'
}

function wrongValue(path: string, type: string, id: string, value: unknown): MappingError {
  const preview = typeof value === 'object' ? JSON.stringify(value).replaceAll('"', '').replaceAll(':', '=') : String(value)
  const reason = `failed to parse field [${path}] of type [${type}] in document with id '${id}'. Preview of field's value: '${preview}'`
  if (typeof value !== 'object') return parsing(reason, 'illegal_argument_exception', `For input string: "${preview}"`)
  return parsing(reason, 'illegal_state_exception', "Can't get text on a START_OBJECT at 1:6")
}

function parsing(reason: string, type?: string, cause?: string): MappingError {
  return { type: 'mapper_parsing_exception', reason, ...(type !== undefined && { caused_by: { type, reason: cause } }) }
}

function first<Item>(items: readonly Item[], look: (item: Item) => MappingError | undefined): MappingError | undefined {
  for (const item of items) {
    const error = look(item)
    if (error !== undefined) return error
  }
  return undefined
}
