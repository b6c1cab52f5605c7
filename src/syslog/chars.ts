/** Character codes that the readers look for. */
export const Char = {
  tab: 0x09,
  space: 0x20,
  quote: 0x22,
  percent: 0x25,
  asterisk: 0x2a,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  slash: 0x2f,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  less: 0x3c,
  equals: 0x3d,
  greater: 0x3e,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
} as const

export function isDigit(code: number): boolean {
  return code >= Char.zero && code <= Char.nine
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a
}

export function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20
  return isDigit(code) || (lower >= 0x61 && lower <= 0x7a)
}

/** Beyond the end counts as a space. */
export function isBlank(code: number): boolean {
  return code === Char.space || code === Char.tab || Number.isNaN(code)
}

/** The offset of the first character at or after `at` that is no space. */
export function skipSpaces(text: string, at: number): number {
  let i = at
  while (text.charCodeAt(i) === Char.space) i++
  return i
}

/** The number that exactly `count` digits at `at` write, or -1. */
export function readDigits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return -1
    value = value * 10 + code - Char.zero
  }
  return value
}

/** How many digits stand at `at`, counted up to `max`. */
export function countDigits(text: string, at: number, max: number): number {
  let i = at
  while (i < at + max && isDigit(text.charCodeAt(i))) i++
  return i - at
}
