/** Counts the characters that the readers look at while `work` runs: the same on every machine, unlike time. */
export function charactersRead(work: () => void): number {
  const { charCodeAt, indexOf } = String.prototype
  let count = 0
  String.prototype.charCodeAt = function (at) {
    count++
    return charCodeAt.call(this, at)
  }
  String.prototype.indexOf = function (wanted, from = 0) {
    const found = indexOf.call(this, wanted, from)
    count += (found === -1 ? this.length : found) - from
    return found
  }
  try {
    work()
  } finally {
    String.prototype.charCodeAt = charCodeAt
    String.prototype.indexOf = indexOf
  }
  return count
}
