import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import { framesOf } from './relay-messages.ts'

/** An open connection; it is let go of at the end of the test, whatever became of it. */
export async function open(t: Test, to: NetConnectOpts | ConnectionOptions, tls = false): Promise<Socket> {
  const socket = tls ? connectTls(to as ConnectionOptions) : connect(to as NetConnectOpts)
  t.teardown(() => socket.destroy())
  await once(socket, tls ? 'secureConnect' : 'connect')
  // Whoever kills the relay resets its senders: 'close' tells them.
  socket.on('error', () => {})
  socket.resume()
  return socket
}

/** Why a connection cannot be had, or `open` when it can. */
export async function knock(to: NetConnectOpts): Promise<string> {
  const socket = connect(to)
  try {
    await once(socket, 'connect')
    return 'open'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
  }
}

/** Resolves when the connection is gone, in whatever way. */
export function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

/** Writes and resolves when the kernel has taken it all, or the connection is gone. */
export function write(socket: Socket, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.write(bytes)) return resolve()
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

/** Messages over one connection as fast as it takes them, closed in order. */
export async function sendAll(socket: Socket, sender: number, count: number, length = 0): Promise<void> {
  const step = Math.max(1, Math.floor(256_000 / Math.max(100, length)))
  for (let from = 0; from < count && !socket.destroyed; from += step) {
    await write(socket, framesOf(sender, from, Math.min(step, count - from), length))
  }
  socket.end()
  await gone(socket)
}

/** Bytes over a connection of their own, closed in order. */
export async function sendOnce(t: Test, to: NetConnectOpts | ConnectionOptions, bytes: Buffer | string, tls = false): Promise<void> {
  const socket = await open(t, to, tls)
  socket.end(bytes)
  await gone(socket)
}

export async function sendDatagrams(host: string, port: number, messages: readonly (Buffer | string)[]): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  for (const message of messages) {
    await new Promise<void>((resolve, reject) => socket.send(message, port, host, (error) => (error ? reject(error) : resolve())))
  }
  socket.close()
}
