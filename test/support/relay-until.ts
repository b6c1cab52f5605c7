import { setTimeout as pause } from 'node:timers/promises'

/**
 * Looks again and again until the answer is neither undefined nor false, and returns it: for what another process does
 * without telling. Bounded, so that a test that waits in vain ends with the words of what it waited for.
 */
export async function until<T>(
  what: string | (() => string),
  look: () => Promise<T | undefined | false> | T | undefined | false,
  boundMs = 30_000,
): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`waited ${boundMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`)
    await pause(15)
  }
}
