import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { percentile } from '../report/statistics.ts'
import { blockMessages, messageBlock, numberBlock, recordBytes } from './message-layout.ts'
import type { Handshakes, HandshakesDone } from './traffic.ts'

/**
 * A process that opens TLS connections at a fixed rate, each with a full handshake, one message and an end: `handshake-sender.ts
 * PORT HANDSHAKES`, the latter in JSON. It tells its parent how long they took, from the call to the end of the handshake.
 */
const port = Number(process.argv[2])
const { first, rate, seconds } = JSON.parse(process.argv[3] ?? '{}') as Handshakes
const block = messageBlock(7)
const times: number[] = []
let failed = 0

async function connectOnce(number: number): Promise<void> {
  const from = number % blockMessages
  numberBlock(block, Math.floor(number / blockMessages), from, 1)
  const record = Buffer.from(block.subarray(from * recordBytes, (from + 1) * recordBytes))
  const began = performance.now()
  // The relay's certificate is one of the benchmark's own; what is measured is the work, not the trust.
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    times.push(performance.now() - began)
    socket.resume()
    socket.end(record)
    await once(socket, 'close')
  } catch {
    failed++
    socket.destroy()
  }
}

const opened: Promise<void>[] = []
const began = performance.now()
while (performance.now() - began < seconds * 1000) {
  const due = Math.floor(((performance.now() - began) / 1000) * rate)
  while (opened.length < due) opened.push(connectOnce(first + opened.length))
  await sleep(1)
}
await Promise.all(opened)
const done: HandshakesDone = {
  perSecond: times.length / ((performance.now() - began) / 1000),
  messages: times.length,
  failed,
  p50Ms: percentile(times, 50),
  p99Ms: percentile(times, 99),
}
process.send?.(done)
process.disconnect?.()
