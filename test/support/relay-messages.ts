import { createHash } from 'node:crypto'

/** A mebibyte that no compression makes much smaller, the same in every run. */
const noise = createHash('shake256', { outputLength: 3 * 2 ** 18 })
  .update('noise')
  .digest('base64')

/** Message `index` of a sender, always the same bytes: both ends of a test make it anew instead of keeping it. */
export function messageOf(sender: number, index: number, length = 0): string {
  const head = `<134>1 2026-11-21T12:34:56.789Z host${sender} app ${sender} n${index} - `
  const body = Math.max(24, length - head.length)
  // One beside the other, so that a batch holds nothing twice.
  const from = (index * body + sender * 300_007) % (noise.length - body)
  return `${head}${noise.slice(from, from + body)}`
}

/** `count` messages of one sender as one buffer, each an octet-counted frame (RFC 6587 3.4.1). */
export function framesOf(sender: number, from: number, count: number, length = 0): Buffer {
  const frames = Array.from({ length: count }, (_, i) => {
    const message = messageOf(sender, from + i, length)
    return `${message.length} ${message}`
  })
  return Buffer.from(frames.join(''), 'latin1')
}

/** Takes messages as they arrive and says which do not belong where they stand. */
export class SequenceCheck {
  /** By sender: the index that its next message has to have. */
  readonly next = new Map<number, number>()
  /** The first few messages that were altered or out of order. */
  readonly faults: string[] = []
  readonly #length: number
  readonly #gaps: boolean

  /** With `gaps` a sender's messages may be missing, never turn up late or twice. */
  constructor({ length = 0, gaps = false }: { length?: number; gaps?: boolean } = {}) {
    this.#length = length
    this.#gaps = gaps
  }

  take(message: string): void {
    const match = /^<134>1 \S+ host(\d+) app \d+ n(\d+) /.exec(message)
    const sender = Number(match?.[1] ?? -1)
    const index = Number(match?.[2] ?? -1)
    const expected = this.next.get(sender) ?? 0
    const inOrder = this.#gaps ? index >= expected : index === expected
    if (!inOrder || message !== messageOf(sender, index, this.#length)) this.#fault(`${message.slice(0, 80)} where n${expected} was due`)
    this.next.set(sender, index + 1)
  }

  #fault(text: string): void {
    if (this.faults.length < 5) this.faults.push(text)
  }
}
