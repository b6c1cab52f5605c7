import { z } from 'zod'
import { nearest } from './nearest.ts'
import { type ConfigPath, shown, withoutSecrets } from './problems.ts'
import { child, schemaAt } from './schema-walk.ts'

/** A mistake in words; `at` says whether to point at the key or at the value. */
export interface Explained {
  readonly path: ConfigPath
  readonly at: 'key' | 'value'
  readonly message: string
  readonly hint?: string
}

type Issue = z.core.$ZodIssue

/** Says what a schema's issue means for whoever wrote the file, and what to write instead. One issue may hold several mistakes. */
export function explainIssue(issue: Issue, root: z.ZodType, input: unknown): Explained[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  const value = path.reduce(child, input)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], knownKeys(root, path, input)))
  if (value === undefined && path.length > 0) return [missing(path, issue, root, input)]
  return [{ path, at: issue.code === 'invalid_key' ? 'key' : 'value', ...wrongValue(issue, value, isSecret(root, path, input)) }]
}

function knownKeys(root: z.ZodType, path: ConfigPath, input: unknown): string[] {
  const schema = schemaAt(root, path, input)
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unknownKey(path: ConfigPath, known: readonly string[]): Explained {
  const near = nearest(String(path.at(-1)), known)
  return { path, at: 'key', message: 'unknown key', hint: near === undefined ? `known here: ${known.join(', ')}` : `write "${near}"` }
}

function missing(path: ConfigPath, issue: Issue, root: z.ZodType, input: unknown): Explained {
  const key = String(path.at(-1))
  const choices = choicesOf(issue)
  if (choices !== undefined) return { path, at: 'key', message: 'is missing', hint: `write "${key}: ${choices.join(`" or "${key}: `)}"` }
  const schema = schemaAt(root, path, input)
  const description = schema?.description ?? ''
  return { path, at: 'key', message: 'is missing', hint: `add "${key}:"${description === '' ? '' : `  # ${description}`}` }
}

function choicesOf(issue: Issue): string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return issue.options.map(String)
  return undefined
}

/** What is written there may be a password, and is told to nobody. */
function isSecret(root: z.ZodType, path: ConfigPath, input: unknown): boolean {
  return schemaAt(root, path, input)?.meta()?.typeName === 'secret'
}

function wrongValue(issue: Issue, value: unknown, secret: boolean): { message: string; hint?: string } {
  const choices = choicesOf(issue)
  if (choices !== undefined) return notAChoice(value, choices)
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value)
  if (issue.code === 'too_small') return { message: tooSmall(issue) }
  if (issue.code === 'too_big') return { message: `must be at most ${issue.maximum}, not ${shown(value)}` }
  if (issue.code === 'invalid_key') return { message: issue.issues[0]?.message ?? 'is not a name' }
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined
  const where = secret || (typeof value === 'object' && value !== null) ? '' : ` (found ${shown(value)})`
  return typeof hint === 'string' ? { message: `${issue.message}${where}`, hint } : { message: `${issue.message}${where}` }
}

function notAChoice(value: unknown, choices: readonly string[]): { message: string; hint?: string } {
  const message =
    choices.length === 1 ? `must be ${choices[0]}, not ${shown(value)}` : `must be one of ${choices.join(', ')}, not ${shown(value)}`
  const near = typeof value === 'string' ? nearest(value, choices) : undefined
  return near === undefined ? { message } : { message, hint: `write "${near}"` }
}

function tooSmall(issue: z.core.$ZodIssueTooSmall): string {
  return issue.origin === 'number' || issue.origin === 'int' ? `must be at least ${issue.minimum}` : 'must not be empty'
}

const typeNames: Record<string, string> = {
  object: 'a section with keys',
  record: 'a section with names',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function wrongType(expected: string, value: unknown): { message: string; hint?: string } {
  const wanted = typeNames[expected] ?? expected
  if (value === null) return { message: `is empty: it must be ${wanted}`, hint: 'give it a value, or remove the key' }
  const message = `must be ${wanted}, not ${shown(value)}`
  if (expected === 'array' && (typeof value === 'string' || typeof value === 'number'))
    return { message, hint: `write [${withoutSecrets(String(value))}]` }
  const isNumber = typeof value === 'string' && /^-?\d+$/.test(value)
  if ((expected === 'number' || expected === 'int') && isNumber) return { message, hint: `write ${value} without quotes` }
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return { message, hint: `write "${value}" in quotes` }
  // YAML 1.2 knows true and false alone.
  if (expected === 'boolean' && /^(yes|on|no|off)$/i.test(String(value)))
    return { message, hint: `write ${/^(yes|on)$/i.test(String(value))}` }
  return { message }
}
