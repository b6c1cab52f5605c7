import { Char, isAlphanumeric, isBlank } from './chars.ts'
import { maxHostnameLength } from './tag.ts'

/** Snare's format has no tag: this word begins the message, and stands where a hostname may be left out. */
const snareWord = 'MSWinEventLog'

/**
 * The end of the hostname at `at`, or -1 when the word there is none: names, IPv4 and IPv6 addresses, and `user@host/ip`
 * chains are; JSON, CEF, key=value, CSV and quoted text are not.
 */
export function hostnameEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (!isAlphanumeric(first) && first !== Char.colon && first !== 0x5f && !(first >= 0x80)) return -1
  let colons = 0
  let hex = true
  let i = at
  for (; i <= at + maxHostnameLength; i++) {
    const code = text.charCodeAt(i)
    if (isBlank(code)) break
    if (code === Char.colon) colons++
    else if (code === Char.percent) return colons >= 2 && hex ? zoneIdEnd(text, i + 1, at) : -1
    else if (!isHostChar(code)) return -1
    else if (!isHex(code) && code !== Char.dot) hex = false
  }
  if (i === at || i > at + maxHostnameLength) return -1
  // A colon is an IPv6 address's, which has two at least, or it makes the word something else: `12:30`, `http://`.
  if (colons > 0 && (colons < 2 || !hex || text.slice(at, i).split(':').length > 9 || isClock(text, at, i))) return -1
  return text.slice(at, i) === snareWord ? -1 : i
}

/** The `eth0` of `fe80::1%eth0`. */
function zoneIdEnd(text: string, at: number, start: number): number {
  for (let i = at; i <= start + maxHostnameLength; i++) {
    const code = text.charCodeAt(i)
    if (isBlank(code)) return i === at ? -1 : i
    if (!isHostChar(code)) return -1
  }
  return -1
}

/** `18:00:00` is made of hexadecimal digits and colons, but an address with so few groups has `::`. */
function isClock(text: string, at: number, end: number): boolean {
  const word = text.slice(at, end)
  return !word.includes('::') && word.split(':').length < 8
}

function isHostChar(code: number): boolean {
  return (
    isAlphanumeric(code) ||
    code === Char.minus ||
    code === Char.dot ||
    code === 0x5f ||
    code === Char.slash ||
    code === 0x40 ||
    code >= 0x80
  )
}

function isHex(code: number): boolean {
  const lower = code | 0x20
  return (code >= Char.zero && code <= Char.nine) || (lower >= 0x61 && lower <= 0x66)
}
