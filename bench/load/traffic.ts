import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Room } from '../../test/real/support/room.ts'
import type { UpstreamCommand, UpstreamCounts } from './upstream.ts'

/** For a load that ends by its time alone, or by its number alone. */
export const unlimited = Number.MAX_SAFE_INTEGER

/** What a sender sends. It ends when the messages or the seconds are up, whichever is first. */
export interface Load {
  readonly protocol: 'tcp' | 'tls' | 'udp'
  /** Number of the first message, a multiple of the block's size. */
  readonly first: number
  readonly messages: number
  readonly seconds: number
  /** Messages a second; 0 is flat out. */
  readonly rate: number
  readonly connections: number
}

export interface Sent {
  /** When the sender began and ended, in nanoseconds of the system's monotonic clock. */
  readonly began: string
  readonly ended: string
  readonly messages: number
}

/** Runs a sender process to its end. */
export async function send(room: Room, port: number, load: Load): Promise<Sent> {
  return await answer<Sent>(start(room, 'sender.ts', [String(port), JSON.stringify(load)]))
}

/** TLS connections at a fixed rate, each with one message. */
export interface Handshakes {
  /** Number of the first message, a multiple of the block's size. */
  readonly first: number
  readonly rate: number
  readonly seconds: number
}

export interface HandshakesDone {
  readonly perSecond: number
  readonly messages: number
  readonly failed: number
  /** From the call to the end of the handshake. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Runs a process that opens connections to its end. */
export async function shakeHands(room: Room, port: number, handshakes: Handshakes): Promise<HandshakesDone> {
  return await answer<HandshakesDone>(start(room, 'handshake-sender.ts', [String(port), JSON.stringify(handshakes)]))
}

// It notes itself when the last message came, so asking late costs nothing.
const pollMs = 20

/** What counts the messages that a relay delivered. */
export interface CountingUpstream {
  readonly port: number
  counts(): Promise<UpstreamCounts>
  /** Waits until so many different messages have come, or none has for `quietMs`. */
  finished(expected: number, quietMs: number): Promise<UpstreamCounts>
}

/** The counting upstream, a process of its own. */
export class Upstream implements CountingUpstream {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.pid = child.pid as number
  }

  /** `file`: what it takes, lines over TCP or the requests of a store of documents. */
  static async open(room: Room, file: 'upstream.ts' | 'bulk-upstream.ts' = 'upstream.ts'): Promise<Upstream> {
    const child = start(room, file, [])
    const { port } = await answer<{ port: number }>(child)
    return new Upstream(child, port)
  }

  /** Stops reading, so that the relay's connection fills up; `resume` reads again. */
  pause(): void {
    this.#tell('pause')
  }

  resume(): void {
    this.#tell('resume')
  }

  async counts(): Promise<UpstreamCounts> {
    this.#tell('report')
    return await answer<UpstreamCounts>(this.#child)
  }

  async finished(expected: number, quietMs: number): Promise<UpstreamCounts> {
    let counts = await this.counts()
    for (let changedAt = performance.now(); counts.distinct < expected && performance.now() - changedAt < quietMs; ) {
      await sleep(pollMs)
      const before = counts.arrived
      counts = await this.counts()
      if (counts.arrived > before) changedAt = performance.now()
    }
    return counts
  }

  #tell(command: UpstreamCommand): void {
    this.#child.send(command)
  }
}

function start(room: Room, file: string, args: readonly string[]): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, { stdio: 'inherit' })
  room.closing(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return child
}

/** The next message of a child; throws when it ends without one. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const answered = new AbortController()
  const { signal } = answered
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.at(1)} ended with ${code} and said nothing`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    answered.abort()
  }
}
