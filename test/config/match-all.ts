import type { Test } from 'tap'

/** Each item matches the pattern in its place, and there are no others: `t.match` alone lets a longer list pass. */
export function matchAll(t: Test, found: readonly unknown[], patterns: readonly unknown[], message = 'every problem, and no other'): void {
  t.match(found, patterns, message)
  t.equal(found.length, patterns.length, message)
}
