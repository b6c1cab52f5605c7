import { Char } from './chars.ts'

export type StructuredData = Record<string, Record<string, string>>

/** SD-NAME = 1*32PRINTUSASCII (RFC 5424 6.3.2, 6.3.3). */
export const maxNameLength = 32

export interface StructuredDataRead {
  readonly data: StructuredData
  /** Behind the last `]`. */
  readonly end: number
  /** False when it could be read but breaks the RFC's letter: a `]` not escaped, a name too long, an SD-ID used twice. */
  readonly valid: boolean
}

/** Reads the SD-ELEMENTs at `at`, the first `[`. Undefined when it is not structured data. */
export function readStructuredData(text: string, at: number): StructuredDataRead | undefined {
  const data: StructuredData = {}
  let valid = true
  let i = at
  while (text.charCodeAt(i) === Char.openBracket) {
    const idEnd = nameEnd(text, i + 1)
    if (idEnd === i + 1) return undefined
    const id = text.slice(i + 1, idEnd)
    if (id.length > maxNameLength || Object.hasOwn(data, id)) valid = false
    const params = ownRecord(data, id)
    i = idEnd
    while (text.charCodeAt(i) === Char.space) {
      // A space before the `]` is not in the grammar, yet some senders write it.
      if (text.charCodeAt(i + 1) === Char.closeBracket) {
        valid = false
        i++
        break
      }
      const name = nameEnd(text, i + 1)
      if (name === i + 1 || text.charCodeAt(name) !== Char.equals || text.charCodeAt(name + 1) !== Char.quote) return undefined
      const end = valueEnd(text, name + 2)
      if (end === -1) return undefined
      const raw = text.slice(name + 2, end)
      if (name - i - 1 > maxNameLength || hasBareBracket(raw)) valid = false
      addParam(params, text.slice(i + 1, name), unescapeValue(raw))
      i = end + 1
    }
    if (text.charCodeAt(i) !== Char.closeBracket) return undefined
    i++
  }
  return { data, end: i, valid }
}

/** The element named `id`, from its `[` up to its `]`, in structured data that is known to be valid; undefined without one. */
export function findElement(text: string, id: string): { start: number; end: number } | undefined {
  let start = 0
  while (text.charCodeAt(start) === Char.openBracket) {
    const idEnd = nameEnd(text, start + 1)
    let end = idEnd
    while (text.charCodeAt(end) === Char.space) end = valueEnd(text, nameEnd(text, end + 1) + 2) + 1
    if (text.slice(start + 1, idEnd) === id) return { start, end }
    start = end + 1
  }
  return undefined
}

/** PARAM-VALUE with its three escapes (RFC 5424 6.3.3). */
export function escapeValue(value: string): string {
  return value.replace(/["\\\]]/g, '\\$&')
}

// RFC 5424 6.3.3: a backslash before any other character is a plain backslash.
function unescapeValue(raw: string): string {
  return raw.includes('\\') ? raw.replace(/\\(["\\\]])/g, '$1') : raw
}

/** Ends at the first character that no SD-NAME may have: `=`, space, `]`, `"`, and all that is not printable ASCII. */
function nameEnd(text: string, at: number): number {
  let i = at
  for (; ; i++) {
    const code = text.charCodeAt(i)
    // Not a number behind the end: every comparison fails, and so does the name.
    if (!(code > 0x20 && code < 0x7f) || code === Char.equals || code === Char.closeBracket || code === Char.quote) return i
  }
}

function valueEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === Char.quote) return i
    if (code === Char.backslash) i++
  }
  return -1
}

function hasBareBracket(raw: string): boolean {
  let i = raw.indexOf(']')
  if (i === -1) return false
  for (i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i)
    if (code === Char.closeBracket) return true
    if (code === Char.backslash) i++
  }
  return false
}

function ownRecord(data: StructuredData, id: string): Record<string, string> {
  if (!Object.hasOwn(data, id)) define(data, id, {})
  return data[id] as Record<string, string>
}

function addParam(params: Record<string, string>, name: string, value: string): void {
  define(params, name, Object.hasOwn(params, name) ? `${params[name]}, ${value}` : value)
}

/** Assignment that takes `__proto__` for the plain name it is here. */
export function define<V>(record: Record<string, V>, key: string, value: V): void {
  if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  else record[key] = value
}
