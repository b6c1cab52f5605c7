import t from 'tap'
import { datagramBufferBytes, receiveBufferBytes } from '../../src/planning/sizing-udp.ts'

t.test('a datagram takes half a page and its sk_buff, or the power of two that holds it', async (t) => {
  t.equal(datagramBufferBytes(300), (256 + 2048) / 2)
  t.equal(datagramBufferBytes(1400), (256 + 2048) / 2)
  // What SO_MEMINFO shows over loopback, where nothing is received into pages: 8,448 for 4,000 bytes.
  t.equal(datagramBufferBytes(4000), 8448 / 2)
})

t.test('lasts for a tenth of a second, in whole MiB', async (t) => {
  t.equal(receiveBufferBytes(300_000, 300, 1), 33 * 2 ** 20) // 34,560,000 bytes
  t.equal(receiveBufferBytes(300_000, 300, 4), 9 * 2 ** 20)
  t.equal(receiveBufferBytes(1, 300, 1), 2 ** 20)
})
