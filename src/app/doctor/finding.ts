/** In the order in which findings are told. */
export const topics = [
  'configuration',
  'kernel',
  'files',
  'disk',
  'clock',
  'ports',
  'certificates',
  'sinks',
  'sources',
  'service',
  'memory',
] as const

export type Topic = (typeof topics)[number]

/** `unknown`: it could not be looked at, and `says` tells why. */
export type FindingState = 'ok' | 'warning' | 'problem' | 'unknown'

/** One thing that was looked at. Texts may hold what files and peers say: whoever prints them escapes control characters. */
export interface Finding {
  readonly topic: Topic
  /** What was looked at: a setting, a file, an address, a sink and its endpoint. */
  readonly subject: string
  readonly state: FindingState
  /** What is right; or what is wrong, and what that costs. */
  readonly says: string
  /** The command that mends it, or that shows more, as a shell takes it. */
  readonly mend?: string
}

type MakeFinding = (subject: string, says: string, mend?: string | undefined) => Finding

/** The ways to say something about one topic. */
export function findingsOf(topic: Topic): Record<FindingState, MakeFinding> {
  const make =
    (state: FindingState): MakeFinding =>
    (subject, says, mend) => ({ topic, subject, state, says, ...(mend !== undefined && { mend }) })
  return { ok: make('ok'), warning: make('warning'), problem: make('problem'), unknown: make('unknown') }
}

/** Ends what is said of a thing that needs another user's rights. */
export const asRoot = 'run as root to see it'
