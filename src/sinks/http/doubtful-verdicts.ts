import type { RelayError } from '../../core/errors.ts'
import type { RefusalDoubts } from './refusal-doubts.ts'
import type { Segment } from './refusal-search.ts'
import type { RequestDocuments } from './request-documents.ts'
import { type Verdicts, verdictAt } from './verdicts.ts'

/**
 * The verdicts on a part of a request, those in doubt decided: a document that brings an error which is the receiver's by its status, and
 * does so again, or while others are taken, is at fault after all.
 */
export function decided(verdicts: Verdicts, documents: RequestDocuments, part: Segment, doubts: RefusalDoubts): Verdicts {
  if ('all' in verdicts) return verdicts
  const suspects: { at: number; name: string; error: RelayError }[] = []
  documents.forEach(part, (sent, index, position) => {
    const at = position - part.from
    const verdict = verdictAt(verdicts, at)
    if (verdict === 'delivered' || !('retry' in verdict) || verdict.doubtful === undefined) return
    suspects.push({ at, name: sent.nameOf(index), error: verdict.doubtful })
  })
  if (suspects.length === 0) return verdicts
  const names = suspects.map(({ name }) => name)
  // Where all of them bring it, it is rather the receiver's: one is given up at a time, in case it is the documents' after all.
  const bad = doubts.judge(names, false, 1)
  const each = [...verdicts.each]
  for (const [i, { at, error }] of suspects.entries()) if (bad[i]) each[at] = { rejected: error }
  return { ...verdicts, each }
}
