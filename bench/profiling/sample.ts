/** What a thread was found doing, and for how much of the profile that stands. */
export interface Sample {
  readonly thread: string
  /** Names of the functions, the one that ran first; each with its file or library where that is known. */
  readonly frames: readonly string[]
  readonly weight: number
}
