import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { loadKoffi } from '../native/koffi.ts'
import { PollSet, type ReceiveCalls, receiveCalls } from '../native/receive-many.ts'
import { udpSocketCalls } from '../native/udp-sockets.ts'
import { packedBytes, UdpPacker } from './udp-packer.ts'
import { RingWriter } from './udp-ring.ts'
import type { Answer, Command, ThreadData } from './udp-thread-protocol.ts'

/** Datagrams that one system call takes. */
const slots = 512
/**
 * After each read the sockets are left alone for so long: the datagrams of a millisecond in one go cost half of what they cost
 * one by one. A lone datagram does not wait.
 */
const gatherMs = 1
/** Where the kernel does not let us close a socket's ears, a sender could keep us reading for ever. */
const maxDrainReads = 256

/**
 * A thread that does nothing but move datagrams from sockets into the ring. It sleeps in poll(2) and nowhere else, so its
 * event loop never turns: commands are fetched when the wake-up says so. While the ring is full it reads no socket, and the
 * kernel's buffers take what comes.
 */
class Receiving {
  readonly #calls: ReceiveCalls
  readonly #deafen: (fd: number) => void
  readonly #ring: RingWriter
  readonly #packer: UdpPacker
  readonly #port: MessagePort
  readonly #wakeFd: number
  readonly #wakeUp: PollSet
  readonly #sockets = new Map<number, { readonly fd: number; readonly roomy: boolean }>()
  #all: PollSet
  #gathers = true
  #ended = false

  constructor(port: MessagePort, { ring, wakeFd }: ThreadData) {
    const koffi = loadKoffi()
    if (koffi instanceof Error) throw koffi
    const libc = koffi.load(null)
    this.#calls = receiveCalls(libc, koffi, slots, packedBytes)
    this.#deafen = udpSocketCalls(libc, koffi).deafen
    this.#ring = new RingWriter(ring)
    this.#packer = new UdpPacker(this.#calls.received, this.#ring)
    this.#port = port
    this.#wakeFd = wakeFd
    this.#wakeUp = new PollSet([wakeFd])
    this.#all = this.#wakeUp
  }

  run(): void {
    this.#tell({ type: 'ready' })
    while (!this.#ended) {
      this.#calls.wait(this.#all)
      if (this.#all.ready(0)) this.#obey()
      else if (!this.#receiveReady() && this.#gathers) this.#calls.wait(this.#wakeUp, gatherMs)
    }
  }

  /** One read each, so that a busy socket does not starve another. True where one of them holds more. */
  #receiveReady(): boolean {
    let i = 1
    let more = false
    for (const [socket, { fd }] of this.#sockets) if (this.#all.ready(i++) && this.#receive(socket, fd) === slots) more = true
    return more
  }

  #obey(): void {
    this.#calls.silence(this.#wakeFd)
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const command = next.message as Command
      if (command.type === 'read') this.#sockets.set(command.socket, command)
      else if (command.type === 'drain') this.#drain(command.socket)
      else this.#ended = true
    }
    const sockets = [...this.#sockets.values()]
    this.#all = new PollSet([this.#wakeFd, ...sockets.map(({ fd }) => fd)])
    this.#gathers = sockets.every(({ roomy }) => roomy)
  }

  #drain(socket: number): void {
    const fd = this.#sockets.get(socket)?.fd
    if (fd !== undefined) {
      try {
        this.#deafen(fd)
      } catch {
        // It is read all the same, as long as maxDrainReads allows.
      }
      for (let reads = 0; reads < maxDrainReads && this.#receive(socket, fd) > 0; reads++);
      this.#sockets.delete(socket)
    }
    this.#tell({ type: 'drained', socket })
  }

  /** How many datagrams the socket gave. */
  #receive(socket: number, fd: number): number {
    const count = this.#calls.receive(fd)
    const timeMs = Date.now()
    for (let slot = 0; slot < count; ) {
      slot = this.#packer.pack(slot, count)
      if (!this.#packer.put(socket, timeMs)) this.#putWhenThereIsRoom(socket, timeMs)
      if (this.#ring.commit()) this.#tell({ type: 'filled' })
    }
    return count
  }

  /** A command that is heard here is not forgotten: the last announcement is answered at the latest when this record has been read. */
  #putWhenThereIsRoom(socket: number, timeMs: number): void {
    for (;;) {
      this.#ring.announceWait()
      if (this.#packer.put(socket, timeMs)) return
      this.#calls.wait(this.#wakeUp)
      this.#calls.silence(this.#wakeFd)
    }
  }

  #tell(answer: Answer): void {
    this.#port.postMessage(answer)
  }
}

if (parentPort !== null) new Receiving(parentPort, workerData as ThreadData).run()
