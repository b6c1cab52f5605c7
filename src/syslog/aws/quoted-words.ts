import { Char } from '../chars.ts'

/**
 * Words with one space between, where a word may stand in double quotes; the quotes are left out. A quote ends its word only before a
 * space or at the end, since user agents may hold quotes. `brackets`: `[a date]` is one word too.
 */
export function quotedWords(text: string, brackets = false): string[] {
  const words: string[] = []
  /** Of these there is none any more: to look again for each word would take the square of the time. */
  const missing = new Set<string>()
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const close = code === Char.quote ? '"' : brackets && code === Char.openBracket ? ']' : ''
    const quoted = close === '' || missing.has(close) ? -1 : quoteEnd(text, at + 1, close)
    if (quoted !== -1) {
      words.push(text.slice(at + 1, quoted))
      at = quoted + 2
      continue
    }
    missing.add(close)
    const space = text.indexOf(' ', at)
    const end = space === -1 ? text.length : space
    words.push(text.slice(at, end))
    at = end + 1
  }
  return words
}

function quoteEnd(text: string, from: number, close: string): number {
  for (let end = text.indexOf(close, from); end !== -1; end = text.indexOf(close, end + 1)) {
    if (end + 1 === text.length || text.charCodeAt(end + 1) === Char.space) return end
  }
  return -1
}
