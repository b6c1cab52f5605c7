/** Connections opened together must not all be opened anew together: each lives up to this share less. */
const jitter = 0.2

/** When a connection that is opened now has lived long enough, on the same clock; `maxAgeMs` of 0: never. */
export function expiryOf(nowMs: number, maxAgeMs: number, random: () => number = Math.random): number {
  return maxAgeMs > 0 ? nowMs + maxAgeMs * (1 - jitter * random()) : Number.POSITIVE_INFINITY
}
