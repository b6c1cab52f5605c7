import { Char, isDigit } from '../chars.ts'
import type { ParseOptions } from '../message.ts'
import { readBsdDate } from './bsd.ts'
import type { FoundDate } from './civil.ts'
import { readEpoch } from './epoch.ts'
import { readRfc3339 } from './rfc3339.ts'

/** Reads whatever date a BSD syslog frame may have at `at`; undefined when none stands there. */
export function readDate(text: string, at: number, options: ParseOptions): FoundDate | undefined {
  const first = text.charCodeAt(at)
  // Cisco marks a clock that was never set with `*`, one that lost its time server with `.`.
  const start = first === Char.asterisk || first === Char.dot ? at + 1 : at
  if (!isDigit(text.charCodeAt(start))) return readBsdDate(text, start, options)
  return readRfc3339(text, start, options) ?? readBsdDate(text, start, options) ?? readEpoch(text, start)
}
