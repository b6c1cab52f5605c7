import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Test } from 'tap'
import { ownAddress } from './relay-config.ts'

/** Somebody who takes datagrams and looks at none. Resolves with its endpoint. */
export async function udpReceiver(t: Test): Promise<string> {
  const socket = createSocket('udp4').bind(0, ownAddress)
  t.teardown(() => socket.close())
  await once(socket, 'listening')
  return `udp://${ownAddress}:${socket.address().port}`
}
