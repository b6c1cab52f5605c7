/** What a source reads. */
export interface Scope {
  /** URL of the endpoint; empty: AWS. */
  readonly server: string
  readonly bucket: string
  readonly prefix: string
}

/** What is known of one bucket and prefix; seconds by the server's clock. */
export interface ScopeRecord {
  /** What was modified before was read, or is not wanted, unless it is among the waiting. 0: nothing yet. */
  readonly horizonS: number
  /** `start_from: now`: what was there then is not read. */
  readonly startedAtS?: number
  /** That was looked for in a whole listing. */
  readonly started: boolean
}

/** Key of its record. */
export function scopeName({ server, bucket, prefix }: Scope): string {
  return JSON.stringify([server, bucket, prefix])
}
