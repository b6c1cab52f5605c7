import { type Test, test } from 'tap'
import type { UdpSocket } from '../../src/native/udp-sockets.ts'
import { calls, sendNow, shareable } from '../support/native-udp.ts'

const smallBuffer = 16 * 1024

function open(t: Test, { address = '127.0.0.1', port = 0, buffer = smallBuffer, count = 1 } = {}): UdpSocket[] {
  const sockets = calls.open(address, port, buffer, count)
  t.teardown(() => sockets.forEach(({ fd }) => void calls.close(fd)))
  return sockets
}

test('a port that the system chooses, and the buffer that it grants', async (t) => {
  const [socket] = open(t)
  t.match(socket, { fd: Number, port: Number, receiveBuffer: smallBuffer })
  t.ok((socket?.port ?? 0) > 0)
})

test('several sockets share one port, and the first alone decides whether it is free', async (t) => {
  const sockets = open(t, { count: 4 })
  t.equal(new Set(sockets.map(({ port }) => port)).size, 1)
  t.equal(new Set(sockets.map(({ fd }) => fd)).size, 4)
  const { port } = sockets[0] as UdpSocket
  for (const count of [1, 2]) t.throws(() => calls.open('127.0.0.1', port, smallBuffer, count), { code: 'EADDRINUSE', syscall: /bind/ })
})

test('a port is taken even where the other would share it', async (t) => {
  const [other] = open(t)
  shareable((other as UdpSocket).fd)
  for (const count of [1, 2]) t.throws(() => calls.open('127.0.0.1', (other as UdpSocket).port, smallBuffer, count), { code: 'EADDRINUSE' })
})

test('what cannot be bound says why, and leaves nothing open', async (t) => {
  t.throws(() => calls.open('192.0.2.1', 0, smallBuffer, 1), { code: 'EADDRNOTAVAIL' })
  t.throws(() => calls.open('2001:db8::1', 0, smallBuffer, 1), { code: /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/ })
})

test('the drops of a socket, exactly, though no datagram follows', async (t) => {
  const { fd, port } = open(t)[0] as UdpSocket
  t.equal(calls.drops(fd), 0)
  const datagram = Buffer.alloc(smallBuffer)
  sendNow(port, Array<Buffer>(9).fill(datagram))
  const full = calls.drops(fd) as number
  t.ok(full > 0 && full < 9, 'some fit')
  sendNow(port, [datagram, datagram])
  t.equal(calls.drops(fd), full + 2)
})

test('a deafened socket lets nothing more in, and counts it', async (t) => {
  const { fd, port } = open(t)[0] as UdpSocket
  sendNow(port, ['before'])
  calls.deafen(fd)
  sendNow(port, ['after', 'after'])
  t.equal(calls.drops(fd), 2)
  t.throws(() => calls.deafen(-1), { code: 'EBADF' })
})
