import { MessageFlag } from '../../src/core/batch.ts'
import type { FramingCounts } from '../../src/core/framing.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import type { FramingLimits, FramingMode } from '../../src/framing/create-framer.ts'

/** What framing should make of a whole connection, and where every byte of it went. */
export interface Framed {
  messages: { text: string; flags: number }[]
  counts: FramingCounts
  /** Terminators, octet counts, and what exceeds the limit. */
  otherBytes: number
}

const known = String.raw`(?:<\d{1,3}>|CEF:|LEEF:|\{")`

/**
 * The same rules written a second time, the slow and plain way: all bytes at hand (as latin1 text), regular expressions,
 * no state between pushes. The property tests hold the framers against it.
 */
export function referenceFraming(mode: FramingMode, text: string, limits: FramingLimits): Framed {
  const framed: Framed = { messages: [], counts: newFramingCounts(), otherBytes: 0 }
  if (mode === 'newline' || mode === 'nul') delimited(mode === 'nul' ? '\0' : '\n', text, limits, framed)
  else counted(mode, text, limits, framed)
  return framed
}

function delimited(terminator: string, text: string, limits: FramingLimits, framed: Framed): void {
  const lines = text.split(terminator)
  const last = lines.pop() as string
  for (const line of lines) {
    framed.otherBytes++
    keep(trim(line, terminator), 0, limits, framed)
    framed.otherBytes += line.length - trim(line, terminator).length
  }
  if (last !== '') {
    keep(trim(last, terminator), MessageFlag.cutOff, limits, framed)
    framed.otherBytes += last.length - trim(last, terminator).length
  }
}

function trim(line: string, terminator: string | undefined): string {
  if (terminator === undefined) return line
  return terminator === '\0' ? line.replace(/(\r\n|\n|\r)$/, '') : line.replace(/\r$/, '')
}

function keep(text: string, flags: number, limits: FramingLimits, framed: Framed): void {
  if (text === '') framed.counts.empty++
  else if (text.length <= limits.maxMessageBytes) {
    if (flags === MessageFlag.cutOff) framed.counts.cutOff++
    framed.messages.push({ text, flags })
  } else if (limits.whenTooLong === 'truncate') {
    framed.counts.truncated++
    framed.messages.push({ text: text.slice(0, limits.maxMessageBytes), flags: MessageFlag.truncated })
    framed.otherBytes += text.length - limits.maxMessageBytes
  } else {
    framed.counts.tooLong++
    framed.otherBytes += text.length
  }
}

function counted(mode: 'auto' | 'octet-counting', text: string, limits: FramingLimits, framed: Framed): void {
  const strict = mode === 'octet-counting'
  const largest = Math.max(limits.maxMessageBytes, 32 * 1024 * 1024)
  let counting = strict
  let searching = strict
  let ends: RegExp | undefined = strict ? /\n/g : undefined
  let at = 0

  const fits = (count: string, body = '') => Number(count) <= largest && Number(count) >= body.length
  const match = (pattern: RegExp, from: number) => {
    pattern.lastIndex = from
    return pattern.exec(text)
  }

  while (at < text.length) {
    if (counting && match(/[\n\r\0]/y, at)) {
      framed.otherBytes++
      at++
      continue
    }
    if (counting && match(/\d{1,9}$/y, at)) {
      framed.counts.skippedBytes += text.length - at
      return
    }
    const any = match(/(0|[1-9]\d{0,8}) /y, at)
    const sure = match(new RegExp(`([1-9]\\d{0,8}) (${known})`, 'y'), at)
    const header = counting && any && fits(any[1] as string) ? any : sure && fits(sure[1] as string, sure[2]) ? sure : undefined
    if (header) {
      const count = Number(header[1])
      const start = at + `${count} `.length
      const body = text.slice(start, start + count)
      counting = true
      searching = true
      const missing = body.length < Math.min(count, limits.maxMessageBytes)
      if (count > limits.maxMessageBytes && limits.whenTooLong === 'reject') {
        framed.counts.tooLong++
        framed.otherBytes += start - at + body.length
      } else if (missing && body === '') framed.counts.skippedBytes += start - at
      else {
        framed.otherBytes += start - at
        keep(body, missing ? MessageFlag.cutOff : 0, limits, framed)
        if (count > limits.maxMessageBytes && !missing && body.length === limits.maxMessageBytes) {
          // The connection ended exactly where the kept part does: it is still a longer message.
          framed.counts.truncated++
          ;(framed.messages.at(-1) as { flags: number }).flags = MessageFlag.truncated
        }
      }
      at = start + body.length
      continue
    }
    searching ||= !!match(/\d{15}/y, at) || !!match(new RegExp(`\\d{1,14} ${known}`, 'y'), at)
    const firstNul = text.indexOf('\0', at)
    const firstLf = text.indexOf('\n', at)
    const utf16 = firstNul === at + 1 && firstLf !== at
    let end = match(ends ?? (utf16 ? /\n/g : /[\n\0]/g), at)?.index ?? text.length
    let next = end + 1
    let back: RegExpExecArray | null = null
    if (searching) {
      for (const found of text.slice(at, end).matchAll(/(?<!\d)([1-9]\d{0,8}) (<\d{1,3}>)/g)) {
        if (fits(found[1] as string, found[2])) {
          back = found as RegExpExecArray
          end = at + found.index
          next = end
          break
        }
      }
    }
    if (ends === undefined && utf16) ends = /\n/g
    const line = text.slice(at, end)
    const terminator = back ? undefined : (text[end] ?? '\n')
    if (strict) framed.counts.skippedBytes += line.length
    else {
      const kept = trim(line, terminator)
      keep(kept, end === text.length ? MessageFlag.cutOff : 0, limits, framed)
      framed.otherBytes += line.length - kept.length
    }
    if (!back && end < text.length) {
      framed.otherBytes++
      counting = strict
      if (line !== '' && !searching) ends ??= terminator === '\0' ? /[\n\0]/g : /\n/g
    }
    at = next
  }
}
