import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until the condition gives something other than undefined or false, and returns it. For what other processes do
 * without telling; bounded, so that a scenario fails with the words of what it waited for.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${typeof what === 'string' ? what : what()}`)
    await sleep(20)
  }
}
