import { createServer, Socket } from 'node:net'
import { type Counts, RecordCounter, SeenNumbers } from './record-counter.ts'

/**
 * A process that takes messages over TCP, a line feed after each, and counts them: `upstream.ts`. It tells its parent its port,
 * and its counts whenever it is asked.
 */
export interface UpstreamCounts extends Counts {
  /** When the last bytes came, in nanoseconds of the system's monotonic clock. */
  readonly lastAt: string
}

export type UpstreamCommand = 'report' | 'pause' | 'resume'

const seen = new SeenNumbers()
const sockets = new Set<Socket>()
// One for all connections: what a read brought is counted before the next one begins.
const buffer = Buffer.allocUnsafeSlow(2 ** 20)
let paused = false
let lastAt = 0n

const server = createServer({ pauseOnConnect: true }, (accepted) => read(accepted))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
process.on('message', obey)
process.on('disconnect', () => process.exit(0))

function read(accepted: Socket): void {
  const counter = new RecordCounter(seen)
  const callback = (bytes: number) => {
    counter.push(buffer.subarray(0, bytes))
    lastAt = process.hrtime.bigint()
    return true
  }
  // A server gives its sockets no `onread`, so that each read makes a new buffer of 64 KiB: this costs three times as much.
  // The connection is therefore read by a second socket on the same handle.
  const options: object = { handle: Reflect.get(accepted, '_handle'), onread: { buffer, callback }, pauseOnCreate: true }
  const socket = new Socket(options)
  sockets.add(socket)
  // A relay that stops may reset: what is missing then shows in the counts.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  if (!paused) socket.resume()
}

function obey(command: UpstreamCommand): void {
  if (command === 'report') report()
  else {
    paused = command === 'pause'
    for (const socket of sockets) socket[command]()
  }
}

function report(): void {
  const { arrived, distinct, malformed } = seen
  process.send?.({ arrived, distinct, malformed, lastAt: String(lastAt) } satisfies UpstreamCounts)
}
