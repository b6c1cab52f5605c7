import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { UdpReceiver } from '../../src/sources/udp-receiver.ts'
import { sendNow } from '../support/native-udp.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { eventually } from '../support/running-source.ts'
import { openUdp } from '../support/udp-ports.ts'

const dying = { code: new URL('../support/udp-dying-thread.ts', import.meta.url), eval: false }

/** Threads of this process that receive UDP, as the kernel names them. */
function threads(): number {
  const names = readdirSync('/proc/self/task').map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
  return names.filter((name) => name === 'udp').length
}

test('one thread reads the ports of all sources, and ends with the last of them', async (t) => {
  const ports = new UdpReceiver({ logger: new RecordingLogger() })
  const sources = await Promise.all([1, 2, 3].map(() => openUdp(t, ports)))
  t.equal(threads(), 1)
  for (const [i, { port }] of sources.entries()) sendNow(port, [`<13>for ${i}`])
  for (const [i, { intake }] of sources.entries()) {
    await intake.received(1)
    t.same(intake.texts, [`<13>for ${i}`])
  }
  const [first, ...others] = sources
  await first?.stop()
  for (const { port, intake } of others) {
    sendNow(port, ['<13>more'])
    await intake.received(2)
  }
  for (const { stop } of others) await stop()
  t.equal(threads(), 0)
  const { port, intake } = await openUdp(t, ports)
  sendNow(port, ['<13>anew'])
  await intake.received(1)
})

test('several sockets on one port: each sender stays with one, all of them are read, and their drops add up', async (t) => {
  const ports = new UdpReceiver({ logger: new RecordingLogger() })
  const { udp, intake, port, stop } = await openUdp(t, ports, { udp_sockets: 4, receive_buffer: '64KiB' }, 60_000)
  t.same(udp.listening, [{ address: '127.0.0.1', port }])
  const datagram = Buffer.alloc(60_000, 'x')
  for (let sender = 0; sender < 40; sender++) sendNow(port, ['<13>first', ...Array<Buffer>(10).fill(datagram)])
  await stop()
  t.ok((intake.drops.kernel ?? 0) > 0)
  t.equal(intake.messages.length + (intake.drops.kernel ?? 0), 440)
})

test('a thread that dies is told of, and Node.js reads on from the same sockets', async (t) => {
  const logger = new RecordingLogger()
  const ports = new UdpReceiver({ logger, threadCode: dying })
  const { intake, port, stop } = await openUdp(t, ports, { udp_sockets: 2, receive_buffer: '64KiB' }, 60_000)
  sendNow(port, ['<13>in the kernel'])
  await intake.received(2)
  t.same(intake.texts, ['<13>read by the thread', '<13>in the kernel'])
  t.match(intake.messages[0]?.origin, { peer: '127.0.0.1', port: 4711 })
  t.match(logger.messages('error'), [/thread that receives UDP has ended.*Node\.js reads on/])
  t.match(logger.lines[0]?.fields, { err: { message: 'the thread was to die' } })
  sendNow(port, Array<Buffer>(100).fill(Buffer.alloc(60_000, 'x')))
  await stop()
  t.ok((intake.drops.kernel ?? 0) > 0)
  t.equal(intake.messages.length + (intake.drops.kernel ?? 0), 102)
  const again = await openUdp(t, new UdpReceiver({ logger }), { port })
  t.equal(again.port, port, 'the sockets are closed')
})

test('a source that is stopped while its thread dies gets what the kernel holds', async (t) => {
  const { intake, port, stop } = await openUdp(t, new UdpReceiver({ logger: new RecordingLogger(), threadCode: dying }))
  sendNow(port, ['<13>in the kernel'])
  await stop()
  t.same(intake.texts, ['<13>read by the thread', '<13>in the kernel'])
})

test('without koffi it is said once what that costs', async (t) => {
  const logger = new RecordingLogger()
  const cause = new RelayError('INTERNAL', 'koffi cannot be loaded')
  const ports = new UdpReceiver({ logger, load: () => cause })
  for (let i = 0; i < 2; i++) {
    const { intake, port } = await openUdp(t, ports)
    sendNow(port, ['<13>x'])
    await intake.received(1)
  }
  t.match(logger.messages('warn'), [/Node\.js reads UDP itself/])
  t.match(logger.lines[0]?.fields, { err: cause })
  t.equal(threads(), 0)
})

test('stop under load: whoever sends on, each datagram is received or counted', async (t) => {
  const { intake, port, stop } = await openUdp(t, new UdpReceiver({ logger: new RecordingLogger() }), { receive_buffer: '4MiB' }, 60_000)
  let sent = 0
  const send = () => {
    sendNow(port, Array<string>(100).fill('<13>load'))
    sent += 100
  }
  send()
  await intake.received(1)
  const stopped = stop()
  let done = false
  void stopped.then(() => {
    done = true
  })
  for (let i = 0; i < 20; i++) send()
  await eventually(() => done)
  t.equal(intake.messages.length + (intake.drops.kernel ?? 0), sent)
})
