/**
 * The messages of the benchmarks: 300 bytes of RFC 5424 with an access log line in it and a number at a fixed place, so
 * that the sender only writes digits and the upstream only reads them.
 */
export const messageBytes = 300
/** With the line feed after it. */
export const recordBytes = messageBytes + 1
const head = '<134>1 2026-11-21T12:34:56.789012+00:00 host.example.com nginx 4711 access - '
const numberAt = head.length
const numberDigits = 10

/** How many messages fit a buffer of 64 KiB, the most that a sender hands over in one write. */
export const blockMessages = Math.floor(65_536 / recordBytes)

/** A buffer of `blockMessages` records, each with a line feed at its end; the texts differ as those of a log do. */
export function messageBlock(seed: number): Buffer {
  const random = xorshift(seed)
  const records = Array.from({ length: blockMessages }, () => {
    const text = `${head}${'0'.repeat(numberDigits)} ${accessLine(random)}`
    return `${text.slice(0, messageBytes).padEnd(messageBytes, 'x')}\n`
  })
  return Buffer.from(records.join(''), 'latin1')
}

/** Numbers the first `count` messages of a block from `first` on. */
export function numberBlock(block: Buffer, first: number, count: number): void {
  for (let i = 0; i < count; i++) {
    let rest = first + i
    const start = i * recordBytes + numberAt
    for (let at = start + numberDigits - 1; at >= start; at--) {
      block[at] = 0x30 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
  }
}

/** The number of the record that begins at `start`, or -1 when it is none of ours. */
export function readNumber(bytes: Buffer, start: number): number {
  if (bytes[start + messageBytes] !== 0x0a || bytes[start] !== 0x3c) return -1
  let number = 0
  for (let at = start + numberAt; at < start + numberAt + numberDigits; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
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
