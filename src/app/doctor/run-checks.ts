import { untilAbort } from '../../retry/until-abort.ts'
import { type Finding, findingsOf, type Topic } from './finding.ts'

/** A part of the examination. What it says of other topics than its own is told in its place. */
export interface Check {
  readonly topic: Topic
  /** What it looks at, for when that takes too long. */
  readonly subject: string
  /** When it has not ended by then, its findings are that it has not. Its signal aborts a moment before. */
  readonly limitMs: number
  run(signal: AbortSignal): Promise<readonly Finding[]>
}

/** For a check to tell what it has found, and to remove what it made, once its signal has aborted. */
const graceMs = 500

/**
 * Starts all checks at once and yields what they find in the order given, however long each takes. Ends within the longest limit; throws
 * nothing but the signal's reason.
 */
export async function* runChecks(checks: readonly Check[], signal: AbortSignal): AsyncGenerator<Finding> {
  const ending = new AbortController()
  const either = AbortSignal.any([signal, ending.signal])
  const running = checks.map((check) => runCheck(check, either))
  try {
    for (const found of running) {
      const findings = await found
      signal.throwIfAborted()
      yield* findings
    }
  } finally {
    // Whoever reads no further wants no more done, and nothing left behind.
    ending.abort()
    await Promise.all(running)
  }
}

async function runCheck({ topic, subject, limitMs, run }: Check, signal: AbortSignal): Promise<readonly Finding[]> {
  const { unknown } = findingsOf(topic)
  const limit = new AbortController()
  const hard = new AbortController()
  const timers = [setTimeout(() => limit.abort(), limitMs - graceMs), setTimeout(() => hard.abort(), limitMs)]
  const stopped = () => void timers.push(setTimeout(() => hard.abort(), graceMs))
  signal.addEventListener('abort', stopped)
  try {
    const findings = await untilAbort(run(AbortSignal.any([signal, limit.signal])), hard.signal)
    return findings ?? [unknown(subject, `was not done looking after ${limitMs / 1000} s`)]
  } catch (error) {
    return [unknown(subject, `could not be looked at: ${error instanceof Error ? error.message : String(error)}`)]
  } finally {
    signal.removeEventListener('abort', stopped)
    for (const timer of timers) clearTimeout(timer)
  }
}
