import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type Load, type Sent, threadCpuMicroseconds } from './bench-thread.ts'
import { logLines, recordBytes } from './log-lines.ts'

/** Senders that write at the same time. */
const connections = 4
const blockMessages = 1000
/** So many different ones that no batch holds a message twice. */
const blocks = Array.from({ length: 16 }, (_, i) => logLines(blockMessages, i))

/** Sends as fast as the relay reads. Its connections stay open between loads. */
class Sending {
  readonly #sockets: readonly Socket[]
  #nextBlock = 0

  constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets
  }

  async send(load: Load): Promise<Sent> {
    const beganNs = process.hrtime.bigint()
    const budget = new Budget(load, beganNs)
    await Promise.all(this.#sockets.map((socket) => this.#sendOver(socket, budget)))
    return { messages: budget.taken, beganNs, cpuMicroseconds: threadCpuMicroseconds() }
  }

  /** Two blocks are under way, so that the kernel always has something to send. */
  async #sendOver(socket: Socket, budget: Budget): Promise<void> {
    let earlier: Promise<void> | undefined
    for (let count = budget.take(); count > 0; count = budget.take()) {
      const block = blocks[this.#nextBlock++ % blocks.length] as Buffer
      const written = write(socket, block.subarray(0, count * recordBytes))
      await earlier
      earlier = written
    }
    await earlier
  }
}

/** What is still to be sent, for all connections together. */
class Budget {
  readonly #messages: number
  readonly #endNs: bigint | undefined
  taken = 0

  constructor(load: Load, beganNs: bigint) {
    this.#messages = 'messages' in load ? load.messages : Number.POSITIVE_INFINITY
    this.#endNs = 'seconds' in load ? beganNs + BigInt(Math.round(load.seconds * 1e9)) : undefined
  }

  /** Up to a block; 0 when the load is over, but never before there was one. */
  take(): number {
    const over = this.taken > 0 && this.#endNs !== undefined && process.hrtime.bigint() >= this.#endNs
    const count = over ? 0 : Math.min(blockMessages, this.#messages - this.taken)
    this.taken += count
    return count
  }
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume()
  return socket
}

// Not awaited: in the single executable this is CommonJS.
if (parentPort !== null) void serve(parentPort)

/** What is asked before the connections are open waits in the port. */
async function serve(port: MessagePort): Promise<void> {
  const sending = new Sending(await Promise.all(Array.from({ length: connections }, () => open(workerData as number))))
  // A connection that breaks is an error that nobody handles here: it ends the thread, and whoever asked hears of it.
  port.on('message', async (load: Load) => port.postMessage(await sending.send(load)))
}
