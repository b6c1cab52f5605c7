import { escapeControl } from './escape-control.ts'

/** Keys and list indexes from the top of the configuration. */
export type ConfigPath = readonly (string | number)[]

/** One mistake, or one thing that a person should know, in a configuration file. `line` and `column` begin at 1. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  /** `pipelines.nginx.source.port`, `sinks.siem.endpoints[1]`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  /** What to write instead. */
  readonly hint?: string
}

/** Reports a problem at a path; the loader knows file and position. */
export type Report = (severity: Problem['severity'], path: ConfigPath, message: string, hint?: string) => void

export function formatPath(path: ConfigPath): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${printable(part)}`
  return text
}

/** As compilers write it, so that editors can jump to it: `file:line:column: error: path: what is wrong`, then what to write. */
export function formatProblem({ severity, file, line, column, path, message, hint }: Problem): string {
  const first = `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}`
  return hint === undefined ? first : `${first}\n    ${hint}`
}

/** All of them, one below the other; beyond `limit` they are only counted. */
export function formatProblems(problems: readonly Problem[], limit = 50): string {
  const lines = problems.slice(0, limit).map(formatProblem)
  if (problems.length > limit) lines.push(`... and ${problems.length - limit} more`)
  return lines.join('\n')
}

/** `2 errors, 1 warning` */
export function countProblems(problems: readonly Pick<Problem, 'severity'>[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
}

/** Any value from the file on one short line, control characters escaped: files may hold anything, terminals obey. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return printable(JSON.stringify(shortened(withoutSecrets(value))))
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a section with keys' : String(value)
}

/** User, password and query of what may be a URL: messages go to the log, to /status and to /readyz. */
export function withoutSecrets(text: string): string {
  const from = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0].length ?? 0
  const [at, colon] = [text.lastIndexOf('@'), text.indexOf(':', from)]
  const named = colon !== -1 && colon < at ? `${text.slice(0, from)}***${text.slice(at)}` : text
  const query = named.includes('://') ? named.indexOf('?') : -1
  return query === -1 ? named : `${named.slice(0, query + 1)}***`
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function printable(text: string): string {
  return escapeControl(text.length > 200 ? `${text.slice(0, 197)}...` : text)
}
