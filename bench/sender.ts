import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatagramSender } from './datagram-sender.ts'
import { blockMessages, messageBlock, numberBlock, recordBytes } from './message-layout.ts'

/**
 * A process that sends numbered messages as fast as it can, or at a fixed rate: `sender.ts tcp|udp PORT MESSAGES RATE
 * CONNECTIONS`, rate 0 being flat out. It tells its parent when it began and ended, in nanoseconds of the system's
 * monotonic clock.
 */
const [protocol, ...numbers] = process.argv.slice(2)
const [port = 0, messages = 0, rate = 0, connections = 1] = numbers.map(Number)
const began = process.hrtime.bigint()
let next = 0

if (protocol === 'udp') await sendDatagrams()
else await Promise.all(Array.from({ length: connections }, (_, i) => sendOverTcp(i)))
process.send?.({ began: String(began), ended: String(process.hrtime.bigint()) })
process.disconnect?.()

/** Each connection takes the next block of numbers; two buffers each, so that one is filled while the other is written. */
async function sendOverTcp(connection: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume()
  const blocks = [messageBlock(connection * 2 + 1), messageBlock(connection * 2 + 2)] as const
  let earlier: Promise<void> = Promise.resolve()
  for (let turn = 0; ; turn++) {
    const { first, count } = await claim()
    if (count === 0) break
    const block = blocks[(turn % 2) as 0 | 1]
    numberBlock(block, first, count)
    const written = new Promise<void>((resolve, reject) => {
      socket.write(block.subarray(0, count * recordBytes), (error) => (error ? reject(error) : resolve()))
    })
    await earlier
    earlier = written
  }
  await earlier
  socket.end()
  await once(socket, 'close')
}

async function sendDatagrams(): Promise<void> {
  const block = messageBlock(1)
  const sender = new DatagramSender(port, block)
  for (;;) {
    const { first, count } = await claim()
    if (count === 0) break
    numberBlock(block, first, count)
    sender.send(count)
  }
  sender.close()
}

/** Takes the next numbers, a block at most and no more than the rate allows by now; waits until it allows some. None when all are taken. */
async function claim(): Promise<{ first: number; count: number }> {
  for (;;) {
    const first = next
    const left = Math.min(blockMessages, messages - first)
    const due = rate === 0 ? left : Math.floor((Number(process.hrtime.bigint() - began) / 1e9) * rate) - first
    if (left === 0 || due > 0) {
      const count = Math.max(0, Math.min(left, due))
      next += count
      return { first, count }
    }
    await sleep(1)
  }
}
