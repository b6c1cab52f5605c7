import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A port that the system chose and that is free over TCP and UDP on 127.0.0.1: for programs that cannot tell which port
 * the system gave them. Never the same one twice in a process.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const free = !given.has(port) && (await udpIsFree(port))
    server.close()
    await once(server, 'close')
    if (!free) continue
    given.add(port)
    return port
  }
}

async function udpIsFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    socket.close()
    return true
  } catch {
    return false
  }
}
