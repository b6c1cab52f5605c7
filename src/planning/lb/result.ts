/** Why no configuration can be written, and what to write instead. */
export interface LbProblem {
  readonly message: string
  readonly hint?: string
}

/** What was asked for, or everything that is in its way (at least one problem). */
export type LbResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly LbProblem[] }

export function succeeded<T>(value: T): LbResult<T> {
  return { ok: true, value }
}

export function failed(...problems: readonly LbProblem[]): { readonly ok: false; readonly problems: readonly LbProblem[] } {
  return { ok: false, problems }
}
