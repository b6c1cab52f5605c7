import { isExactNumber } from './exact-json.ts'
import { define } from './structured-data.ts'

export type Fields = Record<string, unknown>

/** An object with fields: no array, no null, and no number that is kept in its own digits. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
}

/**
 * Adds `fields` to the document: objects are merged deeply and arrays are joined; what stands there already stays. Returns what found
 * its place taken by something else, in the same shape: no fields when all of it is in.
 *
 * Objects of the document are replaced, never changed: they may be shared with other documents.
 */
export function mergeInto(document: Fields, fields: Fields): Fields {
  return merge(document, fields, (own) => ({ ...own }))
}

/** The same for a document all of whose objects are its own: they are changed in place, so that a thousand merges into one take no longer than one of a thousand. */
export function mergeIntoOwn(document: Fields, fields: Fields): Fields {
  return merge(document, fields, (own) => own)
}

function merge(document: Fields, fields: Fields, changeable: (own: Fields) => Fields): Fields {
  const left: Fields = {}
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    const own = Object.hasOwn(document, name) ? document[name] : undefined
    if (own === undefined) {
      define<unknown>(document, name, value)
    } else if (isFields(own) && isFields(value)) {
      const merged = changeable(own)
      const taken = merge(merged, value, changeable)
      define<unknown>(document, name, merged)
      if (hasFields(taken)) define<unknown>(left, name, taken)
    } else if (Array.isArray(own) && Array.isArray(value)) {
      define<unknown>(document, name, [...own, ...value])
    } else if (own !== value) {
      define<unknown>(left, name, value)
    }
  }
  return left
}

export function hasFields(fields: Fields): boolean {
  for (const _name in fields) return true
  return false
}

/** `a.b` with a value is `{ a: { b: value } }`. */
export function nested(path: string, value: unknown): Fields {
  const names = path.split('.')
  let result = value
  for (const name of names.reverse()) {
    const around: Fields = {}
    define(around, name, result)
    result = around
  }
  return result as Fields
}
