import type { Socket } from 'node:net'

/** A read takes at most so much; a connection that is held back keeps one such piece. */
const readBytes = 64 * 1024
const readBuffer = Buffer.allocUnsafeSlow(readBytes)

/** What Node calls `onread`: it can be asked for when a socket is made, and here the listener and the TLS module make them. */
interface ReadState {
  [field: symbol]: unknown
}
interface ReadHandle {
  useUserBuffer?(buffer: Buffer): void
}
const fields = ['kBuffer', 'kBufferCb', 'kBufferGen'] as const

/**
 * Has a socket read into one buffer that all connections share, instead of new memory for each read: that memory alone would
 * mean several collections of the whole heap a second. `onChunk` must be done with the chunk when it returns.
 *
 * The fields are private to Node, and the runtime is pinned. Where they are missing the socket reads into new memory.
 */
export function readShared(socket: Socket, onChunk: (chunk: Buffer) => void): void {
  const [buffer, callback, generator] = fields.map((name) => symbolOf(socket, name))
  const handle = '_handle' in socket ? (socket._handle as ReadHandle | null) : undefined
  if (buffer === undefined || callback === undefined || generator === undefined || handle?.useUserBuffer === undefined) {
    socket.on('data', onChunk)
    return
  }
  const state = socket as unknown as ReadState
  state[buffer] = readBuffer
  state[generator] = null
  state[callback] = (bytes: number) => {
    onChunk(readBuffer.subarray(0, bytes))
    return true
  }
  handle.useUserBuffer(readBuffer)
  // What was read before is in the stream.
  for (let early = socket.read(); early !== null; early = socket.read()) onChunk(early)
}

/** Nobody reads from this socket any more in that way: another layer takes it over. */
export function endReadShared(socket: Socket): void {
  socket.removeAllListeners('data')
  for (const name of fields) {
    const field = symbolOf(socket, name)
    if (field !== undefined) (socket as unknown as ReadState)[field] = null
  }
}

function symbolOf(socket: Socket, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(socket).find(({ description }) => description === name)
}
