import { RelayError } from '../core/errors.ts'
import { exitStatus, UsageError } from './command.ts'

const usageCodes = new Set(['CONFIG_INVALID', 'CONFIG_NOT_FOUND', 'PIPELINE_UNKNOWN'])

export function exitStatusOf(error: unknown): number {
  const wrongUsage = error instanceof UsageError || (error instanceof RelayError && usageCodes.has(error.code))
  return wrongUsage ? exitStatus.usage : exitStatus.failure
}

/** What went wrong, what to do next, the code to look up in docs/errors.md; with `verbose` the stack and every cause. */
export function renderError(error: unknown, verbose: boolean): string {
  if (error instanceof UsageError) return `logrelay: ${error.message}\n  ${error.hint ?? 'logrelay --help shows how it is used'}\n`
  const relayError = RelayError.from(error)
  const lines = [`logrelay: ${relayError.message}`]
  const hint =
    relayError.hint ??
    (relayError.code === 'INTERNAL' ? 'this is a mistake of logrelay: please report it, with what --verbose adds' : undefined)
  if (hint !== undefined) lines.push(`  ${hint}`)
  lines.push(`  code: ${relayError.code} (docs/errors.md)`)
  if (verbose) lines.push(...stacks(relayError))
  return `${lines.join('\n')}\n`
}

/** Causes may be nested, and by mistake in a circle. */
function stacks(error: Error): string[] {
  const found: string[] = []
  const seen = new Set<unknown>()
  for (let at: unknown = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at)
    found.push(at === error ? (at.stack ?? at.message) : `caused by: ${at.stack ?? at.message}`)
  }
  return found
}
