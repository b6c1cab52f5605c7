import { escapeControl } from '../../config/escape-control.ts'

/** An error as Elasticsearch and OpenSearch write it. */
export interface ClusterError {
  /** `mapper_parsing_exception`; empty where it is only a text. */
  readonly type: string
  readonly reason: string
  readonly causedBy?: { readonly type: string; readonly reason: string } | undefined
}

const maxLength = 400
/** Characters of a reason that are looked at: some clusters repeat whole documents. */
const longestRead = 4096

/** The error in an answer or in an item of one; undefined where there is none that could be understood. */
export function readClusterError(value: unknown): ClusterError | undefined {
  if (typeof value === 'string') return { type: '', reason: value }
  if (!isObject(value)) return undefined
  const cause = isObject(value.caused_by) ? value.caused_by : undefined
  return {
    type: text(value.type),
    reason: text(value.reason),
    causedBy: cause && { type: text(cause.type), reason: text(cause.reason) },
  }
}

/** The error of an answer as a whole: `{ "error": … }`. */
export function readAnswerError(body: Buffer): ClusterError | undefined {
  const parsed = parseJson(body)
  return isObject(parsed) ? readClusterError(parsed.error) : undefined
}

/** Undefined for what is no JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `type: reason (caused by type: reason)`. */
export function errorWords({ type, reason, causedBy }: ClusterError): string {
  const words = join(type, reason)
  const cause = causedBy === undefined ? '' : join(causedBy.type, causedBy.reason)
  return escapeControl(shorten(cause === '' ? words : `${words} (caused by ${cause})`))
}

/**
 * The same without what makes each document's reason another one: its id, its values, and where in it they stand. So reasons that are one
 * can be counted as one.
 */
export function sharedWords({ type, reason, causedBy }: ClusterError): string {
  const cause = causedBy && { type: causedBy.type, reason: withoutValues(causedBy.reason) }
  return errorWords({ type, reason: withoutValues(reason), causedBy: cause })
}

/** What makes a reason its document's own, in the words of Elasticsearch 7 to 9 and OpenSearch, and what takes its place. `[name]` of a field stays. */
const ownParts: readonly (readonly [part: RegExp, instead: string])[] = [
  [/\[-?\d+:-?\d+\] /g, ''],
  [/ in document with id '[^']*'/g, ''],
  [/\.? Preview of field's value: '[\s\S]*$/, ''],
  [/ The prefix of the first immense term is: [\s\S]*$/, ''],
  [/ ?\(start marker at \[Source[^\]]*\]\)/g, ''],
  [/ at \[(?:Source|line)[\s\S]*$/, ''],
  [/ at \d+:\d+/g, ''],
  [/(date field|parse value|value) \[[^\]]*\](?= (?:with format|as |out of|of ))/gi, '$1 […]'],
  [/(For input string:|Invalid format:) ?"[\s\S]*"/gi, '$1 …'],
  [/(do not match field value:) \[[\s\S]*\]/gi, '$1 […]'],
  [/\bgot:? \d+/g, 'got …'],
  [/((?:Numeric value|Value) )\([^)]*\)/gi, '$1(…)'],
  [/(^|[\s(:])'[^']*'/g, "$1'…'"],
]

function withoutValues(reason: string): string {
  // Runs of blanks, of which whoever sends the value may put in thousands, would take the square of their length.
  const read = reason.slice(0, longestRead).replace(/\s+/g, ' ')
  return ownParts.reduce((text, [part, instead]) => text.replace(part, instead), read).trim()
}

function join(type: string, reason: string): string {
  return type === '' || reason === '' ? type + reason : `${type}: ${reason}`
}

function shorten(words: string): string {
  return words.length > maxLength ? `${words.slice(0, maxLength - 1)}…` : words
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
