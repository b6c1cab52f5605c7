import { test } from 'tap'
import { nameWords, type ReceivedDatagrams } from '../../src/native/receive-many.ts'
import { encodeSockaddr } from '../../src/native/sockaddr.ts'
import { DatagramBlock } from '../../src/sources/udp-block.ts'
import { UdpOrigins } from '../../src/sources/udp-origins.ts'
import { packedBytes, UdpPacker } from '../../src/sources/udp-packer.ts'
import { newRing, RingReader, RingWriter } from '../../src/sources/udp-ring.ts'

type Sent = readonly [text: string, address: string, port: number]

const stride = 65_600

/** As recvmmsg leaves them. */
function received(sent: readonly Sent[]): ReceivedDatagrams {
  const spareFrom = stride * sent.length
  const bytes = Buffer.alloc(spareFrom + packedBytes)
  const names = new Uint32Array(nameWords * sent.length).fill(0xdeadbeef)
  sent.forEach(([text, address, port], i) => {
    bytes.write(text, i * stride, 'latin1')
    new Uint8Array(names.buffer).set(encodeSockaddr(address, port), 4 * nameWords * i)
  })
  return { bytes, spareFrom, names, offsets: Uint32Array.from(sent, (_, i) => i * stride), length: (i) => (sent[i] as Sent)[0].length }
}

function blocks(sent: readonly Sent[], ringBytes = 2 ** 21) {
  const memory = newRing(ringBytes)
  const writer = new RingWriter(memory)
  const reader = new RingReader(memory)
  const packer = new UdpPacker(received(sent), writer)
  const shown: { runs: Sent[][]; longest: number; bytes: number; time: number; socket: number }[] = []
  const origins = new UdpOrigins(() => true)
  for (let first = 0; first < sent.length; ) {
    first = packer.pack(first, sent.length)
    if (!packer.put(7, 1234.5)) throw new Error('no room')
    writer.commit()
    const block = new DatagramBlock(reader).show(reader.next())
    const runs = Array.from({ length: block.runs }, (_, run) => {
      const { peer, port } = origins.ofSockaddr(block.sockaddr(run)).origin
      const count = block.runStart(run + 1) - block.runStart(run)
      return Array.from({ length: count }, (_, k): Sent => {
        const i = block.runStart(run) + k
        return [Buffer.from(block.memory.subarray(block.start(i), block.end(i))).toString('latin1'), peer, port]
      })
    })
    shown.push({ runs, longest: block.longest, bytes: block.to - block.from, time: block.timeMs, socket: block.socket })
    reader.release()
  }
  return shown
}

test('texts without their terminators, in runs of one sender', async (t) => {
  const a: [string, number] = ['192.0.2.1', 514]
  const b: [string, number] = ['192.0.2.1', 515]
  const [block, ...more] = blocks([
    ['<13>one\n', ...a],
    ['<13>two\r\n\0', ...a],
    ['', ...b],
    ['\n\n', ...b],
    ['<13>three', ...a],
  ])
  t.same(block, {
    runs: [
      [
        ['<13>one', ...a],
        ['<13>two', ...a],
      ],
      [
        ['', ...b],
        ['', ...b],
      ],
      [['<13>three', ...a]],
    ],
    longest: 9,
    bytes: 23,
    time: 1234.5,
    socket: 7,
  })
  t.same(more, [])
})

test('senders differ by any part of their address, by their port and by their zone', async (t) => {
  const peers: [string, number][] = [
    ['192.0.2.1', 1],
    ['192.0.2.2', 1],
    ['192.0.2.2', 2],
    ['2001:db8::1', 2],
    ['2001:db8:1::1', 2],
    ['2001:db8:1::2', 2],
    ['fe80::1%71', 2],
    ['fe80::1%72', 2],
  ]
  const sent = peers.map(([address, port]): Sent => ['x', address, port])
  t.same(
    blocks(sent)[0]?.runs,
    sent.map((one) => [one]),
  )
})

test('more than one record holds becomes several, the datagrams in order', async (t) => {
  const text = (i: number) => String.fromCharCode(65 + i).repeat(65_000)
  const sent = Array.from({ length: 20 }, (_, i): Sent => [text(i), '192.0.2.1', 514])
  const all = blocks(sent)
  t.same(
    all.map(({ bytes }) => bytes / 65_000),
    [8, 8, 4],
  )
  t.same(
    all.flatMap(({ runs }) => runs.flat()),
    sent,
  )
})

test('without room in the ring nothing is put', async (t) => {
  const ring = new RingWriter(newRing(1024))
  const packer = new UdpPacker(received([['x'.repeat(900), '192.0.2.1', 514]]), ring)
  packer.pack(0, 1)
  t.equal(packer.put(1, 0), true)
  ring.commit()
  t.equal(packer.put(1, 0), false)
})
