import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux gives to outgoing connections (ip_local_port_range begins at 32768), above the device types' own ports. */
const range = { from: 11_000, to: 32_000 }
/** Another run on this machine begins elsewhere. */
let next = range.from + Math.floor(Math.random() * (range.to - range.from))

/**
 * A port that is free over TCP and UDP on 127.0.0.1: for programs that cannot tell which port the system gave them. None that an outgoing
 * connection may get before they open it, and not soon the same again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next
    next = port + 1 < range.to ? port + 1 : range.from
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) return port
  }
}

async function tcpIsFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
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
