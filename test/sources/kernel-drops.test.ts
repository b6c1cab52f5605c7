import { createSocket } from 'node:dgram'
import { test } from 'tap'
import { findDrops, kernelDrops } from '../../src/sources/kernel-drops.ts'

// As Linux 6.1 on x86-64 prints them.
const udp4 = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1024: 00000000:28C3 00000000:0000 07 00000000:00000000 00:00000000 00000000   998        0 41216 2 0000000000000000 1234
 2219: 0100007F:28C3 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18274 2 0000000000000000 7
`
const udp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1024: 00000000000000000000000000000000:28C3 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 41217 2 0000000000000000 55
 1030: B80D0120000000000000000001000000:28C3 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 41218 2 0000000000000000 3
`

test('the drops of our socket, and of no other', async (t) => {
  t.equal(findDrops(udp4, { address: '0.0.0.0', port: 10435 }), 1234)
  t.equal(findDrops(udp4, { address: '127.0.0.1', port: 10435 }), 7)
  t.equal(findDrops(udp4, { address: '127.0.0.1', port: 514 }), undefined)
  t.equal(findDrops(udp6, { address: '::', port: 10435 }), 55)
  t.equal(findDrops(udp6, { address: '2001:db8::1', port: 10435 }), 3)
  t.equal(findDrops('', { address: '::', port: 10435 }), undefined)
})

test('a fresh socket has none, where the system tells', async (t) => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  t.ok([0, undefined].includes(await kernelDrops({ address: '127.0.0.1', port: socket.address().port })))
  socket.close()
})
