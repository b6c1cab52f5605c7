export type UpstreamFraming = 'octet-counting' | 'newline'

const maxCountDigits = 9

/**
 * Takes the whole messages at the front of `bytes` and returns the rest. Written apart from the relay's own framing, so
 * that a mistake there cannot hide here: anything but a count, a space and so many bytes throws.
 */
export function takeMessages(bytes: Buffer, framing: UpstreamFraming, take: (message: string) => void): Buffer {
  let at = 0
  for (;;) {
    const next = framing === 'newline' ? lineAt(bytes, at) : frameAt(bytes, at)
    if (next === undefined) return at === 0 ? bytes : bytes.subarray(at)
    take(bytes.toString('latin1', next.start, next.end))
    at = next.after
  }
}

interface Found {
  readonly start: number
  readonly end: number
  readonly after: number
}

function lineAt(bytes: Buffer, start: number): Found | undefined {
  const end = bytes.indexOf(0x0a, start)
  return end === -1 ? undefined : { start, end, after: end + 1 }
}

function frameAt(bytes: Buffer, at: number): Found | undefined {
  const space = bytes.subarray(at, at + maxCountDigits + 1).indexOf(0x20)
  const digits = bytes.toString('latin1', at, space === -1 ? Math.min(bytes.length, at + maxCountDigits + 1) : at + space)
  if (digits !== '' && !/^[1-9]\d{0,8}$/.test(digits))
    throw new Error(`no octet count: ${JSON.stringify(bytes.toString('latin1', at, at + 60))}`)
  if (space === -1) return undefined
  const start = at + space + 1
  const end = start + Number(digits)
  return end > bytes.length ? undefined : { start, end, after: end }
}
