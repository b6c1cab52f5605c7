/** What V8 has and the compiler's library does not know yet: JSON.parse source text access, ECMAScript 2026. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}

const exact = JSON as unknown as ExactJson

/** A whole number with more digits than a double keeps, and no more than 64 bits have. */
const longNumber = /^-?[1-9]\d{15,19}$/

/** Stands in a text that has such a number; in next to no other. */
const mayBeLong = /[:,[\s-](?:9\d{15}|\d{17})/

/** JSON.parse that keeps whole numbers of up to 64 bits in their own digits: JSON.stringify writes them as they came. */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // To look at each value takes several times as long.
  if (!mayBeLong.test(text)) return value
  return exact.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined || !longNumber.test(source)) return value
    return exact.rawJSON(source)
  })
}

/** A number that `parseExactly` kept in its own digits. */
export function isExactNumber(value: unknown): boolean {
  return exact.isRawJSON(value)
}
