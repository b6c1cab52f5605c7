import { parseExactly } from './exact-json.ts'
import { type Fields, isFields } from './merge-into.ts'

/** A longer text is not read as JSON: a parsed one takes up to sixty times the memory of its text. */
export const maxJsonLength = 2 ** 20
/** Objects and arrays within each other. Elasticsearch takes objects 20 deep unless told otherwise. */
export const maxJsonDepth = 64
/** Names of fields, in all its objects. */
export const maxJsonFields = 4096

/** What a text that begins as a JSON object is: its fields, or why it stays text. */
export type JsonBody = { readonly fields: Fields } | { readonly problem: 'json_error' | 'json_too_large' }

/** Reads a text that is a JSON object, behind a CEE cookie (`@cee:`) or not. Undefined where it does not even begin as one. */
export function readJsonBody(text: string): JsonBody | undefined {
  const start = objectStart(text)
  if (start === -1) return undefined
  if (text.length - start > maxJsonLength) return { problem: 'json_too_large' }
  try {
    const value = parseExactly(text.slice(start))
    return isFields(value) && isSmall(value) ? { fields: value } : { problem: 'json_too_large' }
  } catch {
    return { problem: 'json_error' }
  }
}

function objectStart(text: string): number {
  const start = /^\s*(?:@cee:\s*)?(?=\{)/.exec(text)
  return start === null ? -1 : start[0].length
}

/** Whether it can be walked and written without running out of stack. */
function isSmall(body: Fields): boolean {
  let fields = 0
  const fits = (value: unknown, depth: number): boolean => {
    if (Array.isArray(value)) return depth < maxJsonDepth && value.every((item) => fits(item, depth + 1))
    if (!isFields(value)) return true
    const names = Object.keys(value)
    fields += names.length
    return depth < maxJsonDepth && fields <= maxJsonFields && names.every((name) => fits(value[name], depth + 1))
  }
  return fits(body, 0)
}
