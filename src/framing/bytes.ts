/** The bytes that framing looks at. */
export const NUL = 0x00
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const LESS_THAN = 0x3c
export const GREATER_THAN = 0x3e
export const ZERO = 0x30

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39
}

/** Bytes that may end a frame: what stands between octet-counted frames, or behind a datagram's text. */
export function isTerminator(byte: number | undefined): boolean {
  return byte === LF || byte === CR || byte === NUL
}
