/**
 * The messages of the benchmarks: 300 bytes of RFC 5424 with an access log line in it and a number at a fixed place, so
 * that the sender only writes digits and the upstream only reads them.
 */
export const messageBytes = 300
/** With the line feed after it. */
export const recordBytes = messageBytes + 1
const head = '<134>1 2026-11-21T12:34:56.789012+00:00 host.example.com nginx 4711 access - '
/** Stands before the number, also in what a relay rewrites. */
export const marker = 'seq='
export const numberDigits = 10
/** Where the first digit is in a record that no relay has rewritten. */
export const numberAt = head.length + marker.length

const tailDigits = 3
/**
 * How many messages a block holds and a sender hands over in one write, about 300 KB. A power of ten: the last three digits of
 * the numbers in a block never change, so that renumbering it writes only those before them.
 */
export const blockMessages = 10 ** tailDigits
const upperDigits = numberDigits - tailDigits

/** A buffer of `blockMessages` records, each with a line feed at its end; the texts differ as those of a log do. */
export function messageBlock(seed: number): Buffer {
  const random = xorshift(seed)
  const records = Array.from({ length: blockMessages }, (_, i) => {
    const text = `${head}${marker}${String(i).padStart(numberDigits, '0')} ${accessLine(random)}`
    return `${text.padEnd(messageBytes, hexadecimal(random, messageBytes)).slice(0, messageBytes)}\n`
  })
  return Buffer.from(records.join(''), 'latin1')
}

/** Numbers `count` messages of a block from its message `from` on; its first message is number `block * blockMessages`. */
export function numberBlock(bytes: Buffer, block: number, from: number, count: number): void {
  const upper = Buffer.from(String(block).padStart(upperDigits, '0'), 'latin1')
  const end = (from + count) * recordBytes
  for (let at = from * recordBytes + numberAt; at < end; at += recordBytes) {
    for (let i = 0; i < upperDigits; i++) bytes[at + i] = upper[i] as number
  }
}

/** The number whose first digit is at `at`, or -1 where there are no ten digits. */
export function readNumber(bytes: Uint8Array, at: number): number {
  let number = 0
  for (let i = at; i < at + numberDigits; i++) {
    const digit = (bytes[i] as number) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
  }
  return number
}

function accessLine(random: () => number): string {
  const pick = (values: readonly string[]) => values[random() % values.length]
  const address = `${random() % 223}.${random() % 256}.${random() % 256}.${random() % 256}`
  const path = `/${pick(['api/v2', 'static', 'images', 'shop', 'account'])}/${(random() >>> 0).toString(36)}`
  const agent = pick(['Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0', 'Mozilla/5.0 (iPhone) Safari/605.1.15', 'curl/8.9.1'])
  const status = pick(['200', '200', '200', '304', '404', '502'])
  return `${address} - - "${pick(['GET', 'GET', 'POST'])} ${path} HTTP/1.1" ${status} ${random() % 100_000} "https://example.com/" "${agent}" ${(random() >>> 0).toString(16)}`
}

/** As a trace or session number would be: what a log holds and no compression makes smaller than half. */
function hexadecimal(random: () => number, length: number): string {
  return Array.from({ length }, () => (random() % 16).toString(16)).join('')
}

/** Small, seeded and good enough for texts: every run sends the same. */
function xorshift(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 1
  }
}
