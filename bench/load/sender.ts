import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { DatagramSender } from './datagram-sender.ts'
import { blockMessages, messageBlock, numberBlock, recordBytes } from './message-layout.ts'
import type { Load, Sent } from './traffic.ts'

/**
 * A process that sends numbered messages as fast as it can, or at a fixed rate, for a time or up to a number: `sender.ts PORT
 * LOAD`, the load in JSON. It tells its parent what it sent, and when it began and ended.
 */
const port = Number(process.argv[2])
const load = JSON.parse(process.argv[3] ?? '{}') as Load
if (load.first % blockMessages !== 0) throw new Error(`numbers begin at a multiple of ${blockMessages}`)
const began = process.hrtime.bigint()
let next = load.first

if (load.protocol === 'udp') await sendDatagrams()
else await Promise.all(Array.from({ length: load.connections }, (_, i) => sendOverStream(i)))
process.send?.({ began: String(began), ended: String(process.hrtime.bigint()), messages: next - load.first } satisfies Sent)
process.disconnect?.()

/** Each connection takes the next numbers; two buffers each, so that one is filled while the other is written. */
async function sendOverStream(connection: number): Promise<void> {
  const socket = await open()
  const blocks = [messageBlock(connection * 2 + 1), messageBlock(connection * 2 + 2)] as const
  let earlier: Promise<void> = Promise.resolve()
  for (let turn = 0; ; turn++) {
    const block = blocks[(turn % 2) as 0 | 1]
    const part = await claim(block, blockMessages)
    if (part === undefined) break
    const written = new Promise<void>((resolve, reject) => {
      socket.write(block.subarray(part.from * recordBytes, (part.from + part.count) * recordBytes), (error) =>
        error ? reject(error) : resolve(),
      )
    })
    await earlier
    earlier = written
  }
  await earlier
  socket.end()
  await once(socket, 'close')
}

async function open(): Promise<Socket> {
  // The relay's certificate is one of the benchmark's own; what is measured is the work, not the trust.
  const tls = load.protocol === 'tls'
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1')
  await once(socket, tls ? 'secureConnect' : 'connect')
  socket.resume()
  return socket
}

async function sendDatagrams(): Promise<void> {
  const block = messageBlock(1)
  const sender = new DatagramSender(port, block)
  for (;;) {
    const part = await claim(block, DatagramSender.mostAtOnce)
    if (part === undefined) break
    sender.send(part.from, part.count)
  }
  sender.close()
}

/**
 * Takes the next numbers, as many as lie in one block and as the rate allows by now, and writes them into the block; waits until
 * the rate allows some. Undefined when the number or the time is up.
 */
async function claim(block: Buffer, most: number): Promise<{ from: number; count: number } | undefined> {
  for (;;) {
    const elapsed = Number(process.hrtime.bigint() - began) / 1e9
    const done = next - load.first
    if (done >= load.messages || elapsed >= load.seconds) return undefined
    const from = next % blockMessages
    const allowed = load.rate === 0 ? most : Math.floor(elapsed * load.rate) - done
    const count = Math.min(most, blockMessages - from, load.messages - done, allowed)
    if (count > 0) {
      numberBlock(block, Math.floor(next / blockMessages), from, count)
      next += count
      return { from, count }
    }
    await wait()
  }
}

/** Datagrams leave in small bursts, as from many devices: half a millisecond, which timers cannot do; nothing else runs here. */
async function wait(): Promise<void> {
  if (load.protocol === 'udp') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2)
  else await sleep(1)
}
