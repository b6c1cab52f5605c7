import { RelayError } from '../../core/errors.ts'
import type { Judgement, Verdict } from './dialect.ts'

/** A judgement that says what became of each document. */
export type Verdicts = Extract<Judgement, { all: Verdict } | { each: readonly Verdict[] }>

/** A request that failed, or a part of it that is to be sent again. */
export interface RequestFailure {
  readonly error: RelayError
  readonly afterMs?: number | undefined
  /** Nothing of it was taken: there is no use in sending what comes behind it. */
  readonly whole: boolean
  /** There was no answer. */
  readonly unanswered?: boolean
}

export interface Summary {
  /** At least one of the documents was delivered. */
  readonly delivered: boolean
  /** The receiver asks for less. */
  readonly busy: boolean
  /** The first retry among the verdicts. */
  readonly failure: RequestFailure | undefined
}

export function verdictAt(verdicts: Verdicts, document: number): Verdict {
  return 'all' in verdicts ? verdicts.all : (verdicts.each[document] as Verdict)
}

export function summaryOf(verdicts: Verdicts): Summary {
  const list = 'all' in verdicts ? [verdicts.all] : verdicts.each
  let error: RelayError | undefined
  let busy = false
  let whole = true
  let delivered = false
  for (const verdict of list) {
    if (verdict === 'delivered') delivered = true
    else if ('retry' in verdict) {
      error ??= verdict.retry
      busy ||= verdict.busy === true
      continue
    }
    whole = false
  }
  return { delivered, busy, failure: error && { error, afterMs: verdicts.afterMs, whole } }
}

/** A judgement with a verdict for each document; one that has more or fewer is a mistake of ours. */
export function checkedJudgement(judgement: Judgement, documents: number): Judgement {
  if (!('each' in judgement) || judgement.each.length === documents) return judgement
  return { all: { retry: new RelayError('INTERNAL', `${judgement.each.length} verdicts for ${documents} documents`) } }
}
