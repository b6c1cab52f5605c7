import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Room } from '../../test/real/support/room.ts'
import { messageBlock, recordBytes } from '../load/message-layout.ts'
import type { RelayUnderTest } from '../relays/relay-under-test.ts'
import { percentile } from '../report/statistics.ts'
import { inRoom } from './measured-run.ts'

export interface LatencyResult {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

// A message that takes longer than this is lost.
const patienceMs = 10_000
// The first ones pay for connecting and for code that has never run.
const warmUp = 20

/** Single messages through an idle relay over TCP, one after another with pauses: milliseconds from the write until it is at the upstream. */
export async function measureLatency(relay: RelayUnderTest, messages: number): Promise<LatencyResult> {
  return await inRoom(async (room) => {
    const upstream = await Arrivals.open(room)
    const running = await relay.start(room, { upstreamPort: upstream.port, format: 'rfc5424' })
    const socket = connect({ port: running.port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    room.closing(() => socket.destroy())
    const record = messageBlock(1).subarray(0, recordBytes)
    const times: number[] = []
    for (let i = -warmUp; i < messages; i++) {
      // Uneven pauses, so that no timer of the relay keeps step with them.
      await sleep(20 + ((i + warmUp) % 7) * 5)
      const began = performance.now()
      const arrival = upstream.next()
      socket.write(record)
      const took = (await arrival) - began
      if (i >= 0) times.push(took)
    }
    return { p50Ms: percentile(times, 50), p99Ms: percentile(times, 99), maxMs: Math.max(...times) }
  })
}

/** An upstream in this process: it tells when a line has ended. */
class Arrivals {
  readonly port: number
  #waiting: ((at: number) => void) | undefined

  private constructor(port: number) {
    this.port = port
  }

  static async open(room: Room): Promise<Arrivals> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('data', (chunk) => {
        if (chunk.includes(0x0a)) arrivals.#waiting?.(performance.now())
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const arrivals = new Arrivals(typeof address === 'object' && address !== null ? address.port : 0)
    room.closing(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return arrivals
  }

  async next(): Promise<number> {
    return await new Promise((resolve, reject) => {
      const lost = setTimeout(() => reject(new Error(`a message did not arrive within ${patienceMs} ms`)), patienceMs)
      this.#waiting = (at) => {
        clearTimeout(lost)
        resolve(at)
      }
    })
  }
}
