import { test } from 'tap'
import { nameWords, PollSet, receiveCalls } from '../../src/native/receive-many.ts'
import { decodeSockaddr } from '../../src/native/sockaddr.ts'
import type { UdpSocket } from '../../src/native/udp-sockets.ts'
import { openWakeUp } from '../../src/native/wake-up.ts'
import { calls, native, sendNow } from '../support/native-udp.ts'

const slots = 4

test('datagrams of one call, with their senders, from IPv4 and IPv6 in turn', async (t) => {
  const { received, receive, wait } = receiveCalls(native.libc, native.koffi, slots, 64)
  const text = (i: number) => {
    const from = received.offsets[i] as number
    return Buffer.from(received.bytes.subarray(from, from + received.length(i))).toString()
  }
  const sender = (i: number) => decodeSockaddr(Buffer.from(received.names.slice(nameWords * i, nameWords * i + 7).buffer)).address
  t.equal(received.bytes.length, received.spareFrom + 64)
  const sockets = ['127.0.0.1', '::'].map((address) => calls.open(address, 0, 1 << 20, 1)[0] as UdpSocket)
  t.teardown(() => sockets.forEach(({ fd }) => void calls.close(fd)))
  for (const [socket, peers] of [
    [0, ['127.0.0.1']],
    [1, ['::1', '::ffff:127.0.0.1']],
    [0, ['127.0.0.1']],
  ] as const) {
    const { fd, port } = sockets[socket] as UdpSocket
    for (const peer of peers) {
      sendNow(port, ['one', '', 'x'.repeat(65_000)], peer.replace('::ffff:', ''))
      const set = new PollSet([fd])
      wait(set)
      t.ok(set.ready(0))
      t.equal(receive(fd), 3)
      t.same([0, 1, 2].map(text), ['one', '', 'x'.repeat(65_000)])
      t.same([0, 1, 2].map(sender), [peer, peer, peer])
    }
    t.equal(receive(fd), 0, 'no more')
  }
})

test('as many as there are slots, the rest the next time', async (t) => {
  const { receive } = receiveCalls(native.libc, native.koffi, slots, 0)
  const { fd, port } = calls.open('127.0.0.1', 0, 1 << 20, 1)[0] as UdpSocket
  t.teardown(() => calls.close(fd))
  sendNow(port, ['1', '2', '3', '4', '5', '6'])
  t.same([receive(fd), receive(fd), receive(fd)], [4, 2, 0])
  t.throws(() => receive(-1), { code: 'EBADF' })
})

test('a wake-up makes its descriptor readable, once however often it rang, until it is silenced', async (t) => {
  const { silence, wait } = receiveCalls(native.libc, native.koffi, slots, 0)
  const wakeUp = openWakeUp(native.libc, native.koffi)
  const { fd, port } = calls.open('127.0.0.1', 0, 1 << 20, 1)[0] as UdpSocket
  t.teardown(() => [wakeUp.close(), calls.close(fd)])
  const set = new PollSet([wakeUp.fd, fd])
  wakeUp.ring()
  wakeUp.ring()
  wait(set)
  t.same([set.ready(0), set.ready(1)], [true, false])
  silence(wakeUp.fd)
  sendNow(port, ['x'])
  wait(set)
  t.same([set.ready(0), set.ready(1)], [false, true])
})

test('a wake-up that is closed rings nobody, whoever has its number', async (t) => {
  const { wait } = receiveCalls(native.libc, native.koffi, slots, 0)
  const closed = openWakeUp(native.libc, native.koffi)
  closed.close()
  const other = openWakeUp(native.libc, native.koffi)
  t.teardown(() => other.close())
  t.equal(other.fd, closed.fd, 'the system gives the lowest number that is free')
  closed.ring()
  closed.close()
  const set = new PollSet([other.fd])
  wait(set, 0)
  t.notOk(set.ready(0))
  other.ring()
  wait(set, 0)
  t.ok(set.ready(0))
})
