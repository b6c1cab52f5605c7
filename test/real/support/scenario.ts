import type { Room } from './room.ts'

/** What a real program sent and what came out behind the relay (or the other way round), for the runner to compare. */
export interface Delivery {
  readonly sent: readonly Buffer[]
  readonly arrived: readonly Buffer[]
  /** Anything worth a few words in the result's line. */
  readonly note?: string
}

/**
 * One thing a real program does with the relay. It throws when something else than the comparison goes wrong. A string says what
 * was found right where there is nothing to compare.
 */
export interface Scenario {
  /** Who sends over what, in words: the beginning of the result's line. */
  readonly name: string
  /** When it counts as hanging. Default: two minutes. */
  readonly limitMs?: number
  run(room: Room): Promise<Delivery | string>
}
