import { parseExactly } from './exact-json.ts'
import { type Fields, isFields } from './merge-into.ts'

/** A longer text is not read as JSON: a parsed one takes up to sixty times the memory of its text. */
export const maxJsonLength = 2 ** 20
/**
 * Names from the top down to a value, as dots count them; and lists within each other. Elasticsearch and OpenSearch take 20 of each unless told otherwise: the
 * other names are for `json_field`.
 */
export const maxJsonDepth = 16
/** Names in all its objects. */
export const maxJsonNames = 4096
/** Different fields that these are for a store: one index has at most 2000 by our template, for all its documents. */
export const maxJsonFields = 1000

/** What a text that begins as a JSON object is: its fields, or why it stays text. `json_names`: some are empty, which no store takes. */
export type JsonBody = { readonly fields: Fields } | { readonly problem: 'json_error' | 'json_too_large' | 'json_names' }

/** Reads a text that is a JSON object, behind a CEE cookie (`@cee:`) or not. Undefined where it does not even begin as one. */
export function readJsonBody(text: string): JsonBody | undefined {
  const start = objectStart(text)
  if (start === -1) return undefined
  if (text.length - start > maxJsonLength) return { problem: 'json_too_large' }
  try {
    const fields = parseExactly(text.slice(start)) as Fields
    const size = new JsonSize()
    if (!size.fits(fields)) return { problem: 'json_too_large' }
    return size.unnamed ? { problem: 'json_names' } : { fields }
  } catch {
    return { problem: 'json_error' }
  }
}

function objectStart(text: string): number {
  const start = /^\s*(?:@cee:\s*)?(?=\{)/.exec(text)
  return start === null ? -1 : start[0].length
}

/** A name, or the part of one before or behind a dot, that is empty or blank. */
const noName = /(?:^|\.)\s*(?:\.|$)/

/** Measures one body. */
class JsonSize {
  unnamed = false
  #names = 0

  fits(body: Fields): boolean {
    return this.#fits(body, 0, 0) && (this.#names <= maxJsonFields || countFields(body) <= maxJsonFields)
  }

  #fits(value: unknown, depth: number, lists: number): boolean {
    if (Array.isArray(value)) return lists < maxJsonDepth && value.every((item) => this.#fits(item, depth, lists + 1))
    if (!isFields(value)) return true
    const names = Object.keys(value)
    this.#names += names.length
    if (this.#names > maxJsonNames) return false
    return names.every((name) => {
      this.unnamed ||= noName.test(name)
      const below = depth + (name.includes('.') ? name.split('.').length : 1)
      return below <= maxJsonDepth && this.#fits(value[name], below, lists)
    })
  }
}

/** The objects of an array have the same fields. */
function countFields(body: Fields): number {
  const paths = new Set<string>()
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, path)
    else if (isFields(value)) {
      for (const name of Object.keys(value)) {
        paths.add(`${path}.${name}`)
        walk(value[name], `${path}.${name}`)
      }
    }
  }
  walk(body, '')
  return paths.size
}
