import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { ConfigPath } from './problems.ts'

export interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML text as plain values, with the place where each of them stands. */
export interface YamlDocument {
  readonly value: unknown
  /** Mistakes of YAML itself; where there is one, `value` is undefined. */
  readonly errors: readonly (Position & { readonly message: string; readonly hint?: string })[]
  /** Where a key (`key`) or its value (`value`) stands; for what is not in the text, the nearest key above it. */
  position(path: ConfigPath, of: 'key' | 'value'): Position
}

/** More aliases than this are no configuration but an attempt to make one megabyte into gigabytes. */
const maxAliases = 100

const tooDeep = 'sections or lists are nested too deeply'

const hints: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'keep one of them',
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'keep one document: remove everything from the second `---` on',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that holds ": " in quotes, and keys of one section in the same column',
  MULTILINE_IMPLICIT_KEY: 'write `key: value`, with a space after the colon',
  BAD_INDENT: 'close the bracket, or indent what stands within it',
  TAG_RESOLVE_FAILED: 'put a value that begins with ! in quotes',
  BAD_DQ_ESCAPE: 'write two backslashes for one, or put the value in single quotes',
}
// Those of YAML that would quote the text are here too: it may be a password.
const messages: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key stands twice in the same section',
  TAB_AS_INDENT: 'a tab in the indentation',
  MULTIPLE_DOCS: 'a second YAML document begins here',
  TAG_RESOLVE_FAILED: 'this tag is not known',
  BAD_DIRECTIVE: 'this directive is not known',
  BAD_DQ_ESCAPE: 'no escape sequence begins like this',
}

/** Never throws: whatever the text is, the answer is values or errors. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const failed = (message: string, hint?: string, offset = 0): YamlDocument => {
    const error = { ...at(offset), message, ...(hint === undefined ? {} : { hint }) }
    return { value: undefined, errors: [error], position: () => error }
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'error' })
    // The parser descends into nested collections by calling itself, and reports the end of the stack as it reports all else.
    if (document.errors.some(({ message }) => /call stack|stack overflow/i.test(message))) return failed(tooDeep)
    const errors = [...document.errors, ...document.warnings].map((error) => describe(error, at(error.pos[0])))
    const strayAt = errors.length === 0 ? strayAlias(document) : undefined
    if (strayAt !== undefined)
      return failed('no anchor before this alias has its name', 'put a value that begins with * in quotes', strayAt)
    const value = errors.length === 0 ? document.toJS({ maxAliasCount: maxAliases }) : undefined
    return { value, errors, position: (path, of) => at(offsetOf(document, path, of)) }
  } catch (error) {
    if (error instanceof RangeError) return failed(tooDeep)
    const message = error instanceof Error ? error.message : String(error)
    if (message.startsWith('Excessive alias count'))
      return failed(`more than ${maxAliases} aliases`, 'write the values out instead of using `*`')
    return failed(message)
  }
}

function describe(error: YAMLError, position: Position): Position & { message: string; hint?: string } {
  const hint = hints[error.code]
  return { ...position, message: messages[error.code] ?? ownWords(error), ...(hint === undefined ? {} : { hint }) }
}

/** Without what an unexpected token's message quotes at its end. */
function ownWords({ code, message }: YAMLError): string {
  const text = code === 'UNEXPECTED_TOKEN' ? message.replace(/: .*/s, '') : message
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** Where an alias stands that leads nowhere. */
function strayAlias(document: Document.Parsed): number | undefined {
  const anchors = new Set<string>()
  let found: number | undefined
  visit(document, (_key, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      found = startOf(node)
      return visit.BREAK
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) anchors.add(node.anchor)
    return undefined
  })
  return found
}

function offsetOf(document: Document.Parsed, path: ConfigPath, of: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const pair = isMap(node) ? node.items.find((item) => keyOf(item) === String(part)) : undefined
    const item = pair?.value ?? (isSeq(node) ? node.items[Number(part)] : undefined)
    if (pair === undefined && item === undefined) return offset
    // A section is best pointed at by its key: its value begins on the next line.
    const atValue = pair === undefined || (of === 'value' && depth === path.length - 1 && isScalar(item) && item.value !== null)
    offset = startOf(atValue ? item : pair.key) ?? offset
    node = item
  }
  return offset
}

/** Undefined where a key is a section or a list: no path has a name for it. */
function keyOf({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}
