import { createServer, type Socket } from 'node:net'
import { messageBytes, readNumber, recordBytes } from './message-layout.ts'

/**
 * A process that takes messages over TCP, a line feed after each, and counts them: `upstream.ts MESSAGES`. It tells its parent
 * its port, and its counts whenever it is asked and when the last missing message has come.
 */
export interface UpstreamCounts {
  readonly arrived: number
  readonly distinct: number
  /** Records that are none of ours, or came in pieces. */
  readonly malformed: number
  /** When the last record came, in nanoseconds of the system's monotonic clock. */
  readonly lastAt: string
}

const messages = Number(process.argv[2])
const seen = new Uint8Array(messages)
let arrived = 0
let distinct = 0
let malformed = 0
let lastAt = 0n

const server = createServer((socket) => read(socket))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
process.on('message', report)
process.on('disconnect', () => process.exit(0))

function read(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    let at = 0
    while (at + recordBytes <= bytes.length) at = count(bytes, at)
    held = bytes.subarray(at)
    lastAt = process.hrtime.bigint()
    if (distinct === messages) report()
  })
  // A relay that stops may reset: what is missing then shows in the counts.
  socket.on('error', () => socket.destroy())
}

/** Counts the record at `at` and returns where the next begins: after a record of another length, behind its line feed. */
function count(bytes: Buffer, at: number): number {
  const number = readNumber(bytes, at)
  if (number < 0 || number >= messages) {
    malformed++
    const feed = bytes.indexOf(0x0a, at)
    return feed < 0 || feed > at + messageBytes ? at + recordBytes : feed + 1
  }
  arrived++
  if (seen[number] === 0) {
    seen[number] = 1
    distinct++
  }
  return at + recordBytes
}

function report(): void {
  process.send?.({ arrived, distinct, malformed, lastAt: String(lastAt) } satisfies UpstreamCounts)
}
