import { parentPort, workerData } from 'node:worker_threads'
import { encodeSockaddr } from '../../src/native/sockaddr.ts'
import { packedBytes, UdpPacker } from '../../src/sources/udp-packer.ts'
import { RingWriter } from '../../src/sources/udp-ring.ts'
import type { Command, ThreadData } from '../../src/sources/udp-thread-protocol.ts'

/** A receiver thread that hands over one datagram for the first socket that it shall read, and then dies. */
const text = '<13>read by the thread'
const bytes = Buffer.alloc(text.length + packedBytes)
bytes.write(text)
const names = new Uint32Array(8)
new Uint8Array(names.buffer).set(encodeSockaddr('127.0.0.1', 4711))
const ring = new RingWriter((workerData as ThreadData).ring)
const packer = new UdpPacker({ bytes, names, spareFrom: text.length, offsets: Uint32Array.of(0), length: () => text.length }, ring)
parentPort?.on('message', (command: Command) => {
  if (command.type !== 'read') return
  packer.pack(0, 1)
  packer.put(command.socket, 1)
  ring.commit()
  throw new Error('the thread was to die')
})
parentPort?.postMessage({ type: 'ready' })
