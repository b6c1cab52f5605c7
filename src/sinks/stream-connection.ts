import type { Socket } from 'node:net'
import { RelayError } from '../core/errors.ts'
import type { ReadTcpState } from '../native/tcp-state.ts'
import { untilAbort } from '../retry/until-abort.ts'
import type { Slice } from './batch-encoder.ts'
import { connectionError } from './connection-errors.ts'
import { ConnectionLife, type DeathListener } from './connection-life.ts'
import type { Delivery } from './delivery.ts'
import { keepAliveDelayMs } from './open-socket.ts'
import { SettlingWrites } from './settling-writes.ts'
import { carry, type Link, StreamDelivery } from './stream-delivery.ts'

/** While something is open. The kernel counts in seconds (tcp(7), TCP_KEEPIDLE), and Node.js asks again each second. */
const probeDelayMs = 1000

export interface SettlingOptions {
  /** Undefined where the kernel cannot be asked: then a write is settled when the kernel has it. */
  readonly readTcpState?: ReadTcpState
  /** About how many bytes may be written and open. */
  readonly maxUnsettledBytes: number
}

/**
 * One connection over TCP or TLS: open from `connect` until it dies, and never opened again. It tells apart what was
 * written from what the peer's program can be taken to have read (settlement.ts); only the latter is delivered.
 */
export class StreamConnection {
  readonly #socket: Socket
  readonly #endpoint: string
  readonly #link: Link
  readonly #writes: SettlingWrites
  readonly #life = new ConnectionLife()
  #delivery: StreamDelivery | undefined
  #ending = false
  /** Called at each look while the peer's window does not tell what was read, and its FIN would: see `flush`. */
  onStuck: () => void = () => {}

  /** Takes over an open socket. */
  constructor(socket: Socket, endpoint: string, { readTcpState, maxUnsettledBytes }: SettlingOptions) {
    this.#socket = socket
    this.#endpoint = endpoint
    const writes = new SettlingWrites({
      look: () => readTcpState?.(descriptorOf(socket)),
      // While nothing comes a peer tells its window only when it has doubled: a probe makes it tell.
      onOpen: (open) => socket.setKeepAlive(true, open ? probeDelayMs : keepAliveDelayMs),
      onSettled: () => this.#settled(),
      onStuck: () => this.onStuck(),
    })
    this.#writes = writes
    const isWritable = () => this.writable
    this.#link = {
      maxOpenBytes: maxUnsettledBytes,
      get openBytes() {
        return writes.bytes
      },
      get writable() {
        return isWritable()
      },
      write: (slice, flushed, settled) => this.#write(slice, flushed, settled),
    }
    const died = (error: Error) => this.#died(connectionError(error, endpoint, 'established'))
    const closed = () => died(Object.assign(new Error('closed'), { code: 'EPIPE' }))
    socket.on('error', died)
    socket.on('end', () => {
      // A receiver of syslog has nothing to say: its FIN means that nobody reads any more what we write. Where it answers ours,
      // and has acknowledged all that came before, it has read that: a program that closes what it has not read sends a RST
      // (RFC 1122 section 4.2.2.13).
      if (this.#ending && this.#writes.look()?.unacked === 0) this.#writes.settleAll()
      closed()
    })
    socket.on('close', closed)
    // Unread bytes would keep its FIN from being seen.
    socket.resume()
  }

  get alive(): boolean {
    return this.#life.alive
  }

  /** Takes what is to be delivered. */
  get writable(): boolean {
    return this.alive && !this.#ending
  }

  /** Something was written and is not settled. */
  get open(): boolean {
    return this.alive && this.#writes.bytes > 0
  }

  /** Whether the kernel tells what the peer has acknowledged. */
  get tells(): boolean {
    return this.#writes.works
  }

  onDeath(listener: DeathListener): () => void {
    return this.#life.onDeath(listener)
  }

  /**
   * Writes slices in order, and answers when the kernel has them all. A peer that reads slowly makes it slow. It ends early
   * when the connection dies or is flushed, or when the signal aborts: where half a message has been written by then, that
   * takes the connection with it. One call at a time.
   */
  async deliver(next: () => Slice | undefined, signal: AbortSignal): Promise<Delivery> {
    const delivery = new StreamDelivery(this.#link, next)
    this.#delivery = delivery
    const answer = await carry(delivery, this, signal, sendingStopped(this.#endpoint))
    this.#delivery = undefined
    return answer
  }

  /**
   * Ends the connection once the peer's program has read everything: our FIN comes after the last byte, and the peer's
   * answers it. Resolves when the connection is dead, or when the signal aborts. Does nothing when nothing is open.
   */
  async flush(signal: AbortSignal): Promise<void> {
    if (!this.open) return
    if (!this.#ending) {
      this.#ending = true
      this.#delivery?.stop(new RelayError('ENDPOINT_CLOSED', `${this.#endpoint} does not show what it has read; connecting anew`))
      this.#socket.end()
    }
    const dead = Promise.withResolvers<void>()
    const forget = this.onDeath(() => dead.resolve())
    await untilAbort(dead.promise, signal)
    forget()
  }

  /** Ends the connection after what was written; resolves when the kernel has it all, or when the deadline aborts. */
  async close(deadline: AbortSignal): Promise<void> {
    if (this.writable && !deadline.aborted) {
      await new Promise<void>((resolve) => {
        const finish = () => {
          deadline.removeEventListener('abort', finish)
          resolve()
        }
        deadline.addEventListener('abort', finish)
        this.onDeath(finish)
        this.#socket.end(finish)
      })
    }
    this.destroy()
  }

  /** What is not settled comes to nothing, because of the reason if there is one. */
  destroy(reason?: RelayError): void {
    this.#died(reason)
  }

  #write({ bytes }: Slice, flushed: () => void, settled: () => void): void {
    const { length } = bytes
    this.#socket.write(bytes, (error) => {
      if (error || !this.alive) return // Its death tells.
      // Where the kernel does not tell, "settled" means that it has the bytes, and that the event loop has polled since
      // without finding that the peer has closed or reset the connection.
      if (this.#writes.works) this.#writes.add(length, settled)
      else afterPoll(() => this.alive && settled())
      flushed()
    })
  }

  #settled(): void {
    this.#delivery?.pump()
    if (this.#ending && this.#writes.bytes === 0) this.destroy()
  }

  #died(reason: RelayError | undefined): void {
    if (!this.alive) return
    this.#writes.close()
    this.#socket.destroy()
    this.#life.end(reason)
  }
}

/** Why what was not written to a connection was not. */
export function sendingStopped(endpoint: string): RelayError {
  return new RelayError('ENDPOINT_CLOSED', `sending to ${endpoint} was stopped`)
}

/** A FIN or RST that is here already is read when the event loop polls: for certain between two turns. */
function afterPoll(then: () => void): void {
  setImmediate(() => setImmediate(then))
}

/** Of the socket below TLS where there is TLS; -1, which no call takes, when there is none any more. */
function descriptorOf(socket: Socket): number {
  // Not in the types, as all handles. Without it the kernel is taken not to tell.
  const { fd } = (socket as { _handle?: { fd?: number } | null })._handle ?? {}
  return fd ?? -1
}
