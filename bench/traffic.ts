import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Room } from '../test/real/support/room.ts'
import type { UpstreamCounts } from './upstream.ts'

export interface Load {
  readonly protocol: 'tcp' | 'udp'
  readonly messages: number
  /** Messages a second; 0 is flat out. */
  readonly rate: number
  readonly connections: number
}

/** When a sender began and ended, in nanoseconds of the system's monotonic clock. */
export interface SendTimes {
  readonly began: string
  readonly ended: string
}

/** Runs a sender process to its end. */
export async function send(room: Room, port: number, load: Load): Promise<SendTimes> {
  const child = start(room, 'sender.ts', [load.protocol, port, load.messages, load.rate, load.connections])
  return await answer<SendTimes>(child)
}

/** The counting upstream, a process of its own. */
export class Upstream {
  readonly port: number
  readonly #child: ChildProcess
  readonly #messages: number
  #latest: UpstreamCounts = { arrived: 0, distinct: 0, malformed: 0, lastAt: '0' }

  private constructor(child: ChildProcess, port: number, messages: number) {
    this.#child = child
    this.port = port
    this.#messages = messages
    child.on('message', (counts: UpstreamCounts) => {
      this.#latest = counts
    })
  }

  static async open(room: Room, messages: number): Promise<Upstream> {
    const child = start(room, 'upstream.ts', [messages])
    const { port } = await answer<{ port: number }>(child)
    return new Upstream(child, port, messages)
  }

  /** Waits until every message has come, or none has for `quietMs`. */
  async finished(quietMs: number): Promise<UpstreamCounts> {
    for (let before = -1; ; before = this.#latest.arrived) {
      this.#child.send('report')
      await answer<UpstreamCounts>(this.#child)
      if (this.#latest.distinct === this.#messages || this.#latest.arrived === before) return this.#latest
      await Promise.race([once(this.#child, 'message'), new Promise((resolve) => setTimeout(resolve, quietMs))])
      if (this.#latest.distinct === this.#messages) return this.#latest
    }
  }
}

function start(room: Room, file: string, args: readonly (string | number)[]): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args.map(String), { stdio: 'inherit' })
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
