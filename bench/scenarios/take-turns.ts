import type { RelayUnderTest } from '../relays/relay-under-test.ts'
import type { RelayRuns } from '../report/tables.ts'

/**
 * Measures every relay once in each round, so that whatever else the machine does falls on all of them. A peer that fails is
 * reported and left out; a failure of logrelay ends the benchmark.
 */
export async function takeTurns<T>(
  relays: readonly RelayUnderTest[],
  rounds: number,
  measure: (relay: RelayUnderTest) => Promise<T>,
  describe: (result: T) => string,
): Promise<RelayRuns<T>[]> {
  const all = relays.map((relay) => ({ relay, runs: [] as T[], failed: false }))
  for (let round = 1; round <= rounds; round++) {
    for (const one of all.filter(({ failed }) => !failed)) {
      const say = (text: string) => console.log(`run ${round}: ${one.relay.name}: ${text}`)
      try {
        const result = await measure(one.relay)
        one.runs.push(result)
        say(describe(result))
      } catch (error) {
        if (one.relay.name.startsWith('logrelay')) throw error
        one.failed = true
        one.runs.length = 0
        say(`failed: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
  return all.map(({ relay: { name, storage }, runs }) => ({ name, storage, runs }))
}
