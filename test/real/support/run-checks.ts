interface Check<Subject> {
  readonly name: string
  run(subject: Subject): Promise<void>
}

/** Of one failure: an assertion may repeat whole documents. */
const longestWords = 1500

/** Runs the checks of a conformance suite, one after the other. Throws with the words of all that do not hold; answers `N checks`. */
export async function runChecks<Subject>(checks: readonly Check<Subject>[], subject: Subject): Promise<string> {
  const failures: string[] = []
  for (const { name, run } of checks) {
    try {
      await run(subject)
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.slice(0, longestWords) : String(error)}`)
    }
  }
  if (failures.length > 0) throw new Error(`${failures.length} of ${checks.length} checks do not hold\n${failures.join('\n')}`)
  return `${checks.length} checks`
}
