import type { ResumePoint } from '../../framing/objects/record-splitter.ts'
import { resumeOf } from './object-progress.ts'

/**
 * What stands in the small object by which a relay claims an object of the bucket. It is written with `If-None-Match: *` by who takes it
 * first and with `If-Match` ever after, so of two relays that write only one succeeds.
 */
export interface ClaimDocument {
  readonly owner: string
  /** Random for each run of a relay: with `beat` it tells a write whose answer was lost from one of somebody else. */
  readonly session: string
  /** One more with each write, so that no two have the same entity tag. */
  readonly beat: number
  readonly key: string
  readonly etag: string
  /** What is fsynced in the owner's queue. */
  readonly resume?: ResumePoint
  /** How often the object failed, whoever read it. */
  readonly tries: number
  readonly done: boolean
  /** The owner has stopped: whoever comes may go on at once. */
  readonly released: boolean
  /** Messages that stood in the claim when this owner took it over: what the one before had read beyond comes twice. */
  readonly takenAt?: number
}

export function encodeClaim(claim: ClaimDocument): string {
  return JSON.stringify(claim)
}

/** Undefined where the text is no claim. */
export function decodeClaim(text: string): ClaimDocument | undefined {
  try {
    const { owner, session, beat, key, etag, resume, tries, done, released, takenAt } = JSON.parse(text) as Partial<ClaimDocument>
    if (typeof owner !== 'string' || typeof key !== 'string' || typeof etag !== 'string') return undefined
    const point = resumeOf(resume)
    return {
      owner,
      session: String(session),
      beat: Number(beat),
      key,
      etag,
      ...(point && { resume: point }),
      tries: typeof tries === 'number' ? tries : 0,
      done: done === true,
      released: released === true,
      ...(typeof takenAt === 'number' && { takenAt }),
    }
  } catch {
    return undefined
  }
}
