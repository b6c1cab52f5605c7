import { once } from 'node:events'
import { connect, type NetConnectOpts } from 'node:net'

/** One message as a frame of octet counting (RFC 6587 3.4.1). */
export function octetFrame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** Sends messages over one connection, which is closed in order, so that nothing is left behind. */
export async function sendFrames(to: NetConnectOpts, messages: readonly Buffer[]): Promise<void> {
  const socket = connect(to)
  await once(socket, 'connect')
  socket.resume()
  socket.end(Buffer.concat(messages.map(octetFrame)))
  await once(socket, 'close')
}
