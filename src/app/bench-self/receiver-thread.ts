import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { readShared } from '../../sources/shared-read-buffer.ts'
import { type Received, type ReceiverCommand, threadCpuMicroseconds } from './bench-thread.ts'

/** Reads what the relay delivers, counts it and throws it away. */
class Receiving {
  readonly #sockets = new Set<Socket>()
  #paused = false
  #bytes = 0
  #lastNs = 0n

  accept(socket: Socket): void {
    this.#sockets.add(socket)
    readShared(socket, (chunk) => {
      this.#bytes += chunk.length
      this.#lastNs = process.hrtime.bigint()
    })
    socket.on('close', () => this.#sockets.delete(socket))
    // What is missing then shows in the count.
    socket.on('error', () => socket.destroy())
    if (this.#paused) socket.pause()
    else socket.resume()
  }

  obey(command: ReceiverCommand): void {
    if (command === 'report') return
    this.#paused = command === 'pause'
    for (const socket of this.#sockets) socket[command]()
  }

  report(port: number): Received {
    return { port, bytes: this.#bytes, lastNs: this.#lastNs, cpuMicroseconds: threadCpuMicroseconds() }
  }
}

// Not awaited: in the single executable this is CommonJS.
if (parentPort !== null) void serve(parentPort)

/** What is asked before the port is open waits in the port to the parent. */
async function serve(parent: MessagePort): Promise<void> {
  const receiving = new Receiving()
  const server = createServer((socket) => receiving.accept(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  parent.on('message', (command: ReceiverCommand) => {
    receiving.obey(command)
    parent.postMessage(receiving.report(port))
  })
}
