import { RelayError } from '../core/errors.ts'

// A chain that is longer, or that bites its own tail, is cut here.
const maxCauses = 5

/** An error as the log shows it. `code` is RelayError's or the system's (ECONNREFUSED). */
export interface DescribedError {
  readonly code?: string
  readonly message: string
  readonly hint?: string
  readonly stack?: string
  readonly cause?: DescribedError
}

/** `code`, `message` and `hint`; `deep` adds the stack and the causes below it. Anything may have been thrown. */
export function describeError(error: unknown, deep: boolean, depth = 0): DescribedError {
  if (!(error instanceof Error)) return isDescribed(error) ? error : { message: String(error) }
  const code = errorCode(error)
  const hint = error instanceof RelayError ? error.hint : undefined
  const cause = deep && error.cause !== undefined && depth < maxCauses ? describeError(error.cause, deep, depth + 1) : undefined
  return {
    ...(code !== undefined && { code }),
    message: error.message,
    ...(hint !== undefined && { hint }),
    ...(deep && error.stack !== undefined && { stack: error.stack }),
    ...(cause !== undefined && { cause }),
  }
}

/** The stable code of an error, where it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Already plain, as /status carries errors: `{ code, message }`. */
function isDescribed(value: unknown): value is DescribedError {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}
