import { randomBytes } from 'node:crypto'

const time = '2026-11-21T12:34:56.789012+01:00'
// Random, so that a queue's limit in compressed bytes is reached after about as many bytes of messages.
const noiseBytes = 120

/** A message that says whose it is and the how manieth. Its end tells a whole one from one that was cut. */
export function poolMessage(sender: string, number: number): Buffer {
  return Buffer.from(`<134>1 ${time} host app 1 - - s=${sender} n=${number} ${randomBytes(noiseBytes).toString('base64')} end`)
}

export interface PoolMessage {
  readonly sender: string
  readonly number: number
  /** Addresses in the RFC 5424 `origin` element (7.2.1), as the relay wrote them. */
  readonly origin: string
}

const shape = /^<134>1 \S+ host app 1 - (?:-|\[origin((?: ip="[^"]*")+)\]) s=(\S+) n=(\d+) \S{160} end$/

/** Undefined where the message is not one of `poolMessage`, whole. */
export function readPoolMessage(message: Buffer): PoolMessage | undefined {
  const found = shape.exec(message.toString('latin1'))
  if (found === null) return undefined
  const origin = (found[1] ?? '').replaceAll(/ ip="([^"]*)"/g, '$1 ').trim()
  return { sender: found[2] as string, number: Number(found[3]), origin }
}
