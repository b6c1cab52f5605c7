import { Worker } from 'node:worker_threads'
import { type ThreadCode, threadCode } from '../native/embedded.ts'
import type { WakeUp } from '../native/wake-up.ts'
import { DatagramBlock } from './udp-block.ts'
import { newRing, RingReader } from './udp-ring.ts'
import type { Answer, Command, ThreadData } from './udp-thread-protocol.ts'

/** Between the thread and the event loop: some 15,000 datagrams of 300 bytes, for what the event loop does besides. */
const ringBytes = 6 * 2 ** 20
/** Taken from the ring in one turn of the event loop; other sources have their turns between. */
const turnBytes = 2 ** 20
/** It takes about 10 MiB, most of it for starting; what it does with datagrams leaves next to nothing behind. Their memory is not on the heap. */
const resourceLimits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

export type BlockHandler = (block: DatagramBlock) => void

/** The receiver thread as the event loop sees it: gets sockets to read, gives blocks of datagrams. */
export class UdpThread {
  readonly #worker: Worker
  readonly #wakeUp: WakeUp
  readonly #ring: RingReader
  readonly #block: DatagramBlock
  readonly #handlers = new Map<number, BlockHandler>()
  readonly #drains = new Map<number, () => void>()
  /** Resolves when the thread is no more, with the reason if it was not told to end. */
  readonly ended: Promise<Error | undefined>
  /** Resolves when it reads, or is no more: starting takes longer than a kernel's buffer lasts under load. */
  readonly ready: Promise<unknown>
  #onReady = () => {}
  #ending = false
  #lastSocket = 0
  #scheduled: NodeJS.Immediate | undefined

  /** Owns the wake-up from here on. `code`: what the thread runs. */
  constructor(wakeUp: WakeUp, { code, eval: isText }: ThreadCode = threadCode('udp-receiver-thread', import.meta.url)) {
    this.#wakeUp = wakeUp
    const ring = newRing(ringBytes)
    this.#ring = new RingReader(ring)
    this.#ring.announceIdle()
    this.#block = new DatagramBlock(this.#ring)
    const data: ThreadData = { ring, wakeFd: wakeUp.fd }
    // Without the process' own options: what those load into the main thread has no business in this one.
    this.#worker = new Worker(code, { eval: isText, workerData: data, resourceLimits, execArgv: [], name: 'udp' })
    this.#worker.on('message', (answer: Answer) => this.#hear(answer))
    this.ended = new Promise((resolve) => {
      let reason: Error | undefined
      this.#worker.on('error', (error) => {
        reason = error instanceof Error ? error : new Error(String(error))
      })
      this.#worker.on('exit', (status) => {
        this.#deliver(Number.POSITIVE_INFINITY)
        for (const drained of this.#drains.values()) drained()
        wakeUp.close()
        resolve(this.#ending ? undefined : (reason ?? new Error(`the thread ended with status ${status}`)))
      })
    })
    this.ready = Promise.race([
      new Promise<void>((resolve) => {
        this.#onReady = resolve
      }),
      this.ended,
    ])
  }

  /** Reads from the socket until it is drained; the descriptor stays the caller's. Answers the number by which `drain` knows it. `roomy`: see Command. */
  read(fd: number, roomy: boolean, handler: BlockHandler): number {
    const socket = ++this.#lastSocket
    this.#handlers.set(socket, handler)
    this.#order({ type: 'read', socket, fd, roomy })
    return socket
  }

  /** Resolves when the handler has all that the socket held and the descriptor is no longer used, or when the thread is no more. */
  async drain(socket: number): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#drains.set(socket, resolve))
    this.#order({ type: 'drain', socket })
    await Promise.race([drained, this.ended])
    this.#drains.delete(socket)
    this.#handlers.delete(socket)
  }

  async end(): Promise<void> {
    this.#ending = true
    this.#order({ type: 'end' })
    await this.ended
  }

  #order(command: Command): void {
    this.#worker.postMessage(command)
    this.#wakeUp.ring()
  }

  #hear(answer: Answer): void {
    if (answer.type === 'ready') this.#onReady()
    else if (answer.type === 'filled') this.#deliver(turnBytes)
    else {
      this.#deliver(Number.POSITIVE_INFINITY)
      this.#drains.get(answer.socket)?.()
    }
  }

  /** Hands over what the ring holds, up to about so many bytes in this turn. */
  #deliver(maxBytes: number): void {
    clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    for (let bytes = 0; bytes < maxBytes; ) {
      const record = this.#nextRecord()
      if (record < 0) return
      const block = this.#block.show(record)
      bytes += block.to - record
      this.#handlers.get(block.socket)?.(block)
      if (this.#ring.release()) this.#wakeUp.ring()
    }
    this.#scheduled = setImmediate(() => this.#deliver(maxBytes))
  }

  #nextRecord(): number {
    const record = this.#ring.next()
    if (record >= 0) return record
    this.#ring.announceIdle()
    return this.#ring.next()
  }
}
