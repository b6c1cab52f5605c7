import type { Socket } from 'node:net'
import { RelayError } from '../core/errors.ts'
import type { ReadTcpState } from '../native/tcp-state.ts'
import { untilAbort } from '../retry/until-abort.ts'
import type { Slice } from './batch-encoder.ts'
import { connectionError } from './connection-errors.ts'
import type { Delivery } from './delivery.ts'
import { SettlingWrites } from './settling-writes.ts'
import { type Link, StreamDelivery } from './stream-delivery.ts'

/** An idle connection through a firewall that forgets is found dead by the kernel's probes. */
export const keepAliveDelayMs = 30_000
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
  readonly #onDeath = new Set<(reason: RelayError | undefined) => void>()
  #delivery: StreamDelivery | undefined
  #alive = true
  #ending = false
  /** Called once, when the peer's window does not tell what was read, and its FIN would: see `flush`. */
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
      write: (bytes, flushed, settled) => this.#write(bytes, flushed, settled),
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
    return this.#alive
  }

  /** Takes what is to be delivered. */
  get writable(): boolean {
    return this.#alive && !this.#ending
  }

  /** Something was written and is not settled. */
  get open(): boolean {
    return this.#alive && this.#writes.bytes > 0
  }

  /** Whether the kernel tells what the peer has acknowledged. */
  get tells(): boolean {
    return this.#writes.works
  }

  /** Calls the listener once when the connection dies: with the reason, or undefined when we closed it. Returns what ends that. */
  onDeath(listener: (reason: RelayError | undefined) => void): () => void {
    this.#onDeath.add(listener)
    return () => this.#onDeath.delete(listener)
  }

  /**
   * Writes slices in order, and answers when the kernel has them all. A peer that reads slowly makes it slow. It ends early
   * when the connection dies or is flushed, or when the signal aborts: where half a message has been written by then, that
   * takes the connection with it. One call at a time.
   */
  async deliver(next: () => Slice | undefined, signal: AbortSignal): Promise<Delivery> {
    const delivery = new StreamDelivery(this.#link, next)
    const sendingStopped = new RelayError('ENDPOINT_CLOSED', `sending to ${this.#endpoint} was stopped`)
    const abort = () => (delivery.atBoundary ? delivery.stop(sendingStopped) : this.destroy())
    const forget = this.onDeath((reason = sendingStopped) => delivery.fail(reason))
    void delivery.fate.then(forget)
    signal.addEventListener('abort', abort)
    this.#delivery = delivery
    if (!this.#alive) delivery.fail(sendingStopped)
    else if (signal.aborted) delivery.stop(sendingStopped)
    else delivery.pump()
    const answer = await delivery.answer
    signal.removeEventListener('abort', abort)
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

  destroy(): void {
    this.#died(undefined)
  }

  #write(bytes: Buffer, flushed: () => void, settled: () => void): void {
    const { length } = bytes
    this.#socket.write(bytes, (error) => {
      if (error || !this.#alive) return // Its death tells.
      // Where the kernel does not tell, "settled" means that it has the bytes, and that the event loop has polled since
      // without finding that the peer has closed or reset the connection.
      if (this.#writes.works) this.#writes.add(length, settled)
      else afterPoll(() => this.#alive && settled())
      flushed()
    })
  }

  #settled(): void {
    this.#delivery?.pump()
    if (this.#ending && this.#writes.bytes === 0) this.destroy()
  }

  #died(reason: RelayError | undefined): void {
    if (!this.#alive) return
    this.#alive = false
    this.#writes.close()
    this.#socket.destroy()
    for (const listener of [...this.#onDeath]) listener(reason)
    this.#onDeath.clear()
  }
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
