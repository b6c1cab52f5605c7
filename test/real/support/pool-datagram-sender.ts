import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { poolMessage } from './pool-message.ts'

export interface DatagramSenderOptions {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly address: string
}

/** Sends the messages `from` to `until` (not included) over UDP, one behind the other. */
export async function sendDatagrams({ name, host, port, address }: DatagramSenderOptions, from: number, until: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  for (let number = from; number < until; number++) {
    const sent = Promise.withResolvers<void>()
    socket.send(poolMessage(name, number), port, host, (error) => (error === null ? sent.resolve() : sent.reject(error)))
    await sent.promise
  }
  socket.close()
}
