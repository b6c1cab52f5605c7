import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Room } from './room.ts'

/**
 * Keeps every datagram: what a real program sends to it beside what it sends to the relay. With a port to forward to, it
 * passes each one on as it is: what a real program sends to the relay through it.
 */
export class DatagramReceiver {
  readonly messages: Buffer[] = []
  readonly #socket: Socket

  private constructor(forwardTo?: number) {
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 })
    this.#socket.on('message', (message) => {
      this.messages.push(message)
      if (forwardTo !== undefined) this.#socket.send(message, forwardTo, '127.0.0.1')
    })
  }

  static async open(room: Room, forwardTo?: number): Promise<DatagramReceiver> {
    const receiver = new DatagramReceiver(forwardTo)
    receiver.#socket.bind(0, '127.0.0.1')
    await once(receiver.#socket, 'listening')
    room.closing(() => receiver.#socket.close())
    return receiver
  }

  get port(): number {
    return this.#socket.address().port
  }
}
