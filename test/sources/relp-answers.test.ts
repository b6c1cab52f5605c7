import { test } from 'tap'
import { relpFrame } from '../../src/protocols/relp-frames.ts'
import { RelpClient } from '../support/relp-client.ts'
import { connectTo, eventually, runRelp } from '../support/running-source.ts'

type Context = Parameters<typeof connectTo>[0]

async function opened(t: Context, port: number): Promise<RelpClient> {
  return await new RelpClient(await connectTo(t, port)).open()
}

const LF = 0x0a

test('a peer that is slow to read its answers is held back, and gets them all', async (t) => {
  const { source, port } = await runRelp(t)
  const { socket } = await opened(t, port)
  socket.removeAllListeners('data').pause()
  // Nobody waits for the disk with these, and their answers are longer than they are: some 10 MB, more than kernels keep.
  const count = 500_000
  const frames = Array.from({ length: count }, (_, i) => `${i + 2} syslog 0\n`).join('')
  const sent = new Promise((resolve) => socket.write(frames, resolve))
  // As long as reading all of it takes where nobody is in the way.
  const other = (await opened(t, port)).socket.removeAllListeners('data')
  await lineFeeds(other, count, () => other.write(frames))
  await lineFeeds(socket, count, () => socket.resume())
  await sent
  t.equal(source.stats().refused.protocol_error, 0)
})

test('so much may be owed to a peer and no more is read from it, while others are', async (t) => {
  const { source, intake, port } = await runRelp(t)
  intake.hold()
  const client = await opened(t, port)
  const count = 60_000
  client.socket.write(Array.from({ length: count }, (_, i) => `${i + 2} syslog 1 x\n`).join(''))
  const other = await opened(t, port)
  for (let i = 2; i < 100; i++) {
    other.send(i, 'unknown')
    await other.until(() => other.answers.length === i)
  }
  await source.block()
  intake.store()
  await source.stop(AbortSignal.timeout(60_000))
  const { length } = intake.messages
  t.ok(length > 0 && length < count / 2, `${length} were read`)
})

test('a peer that ends its own side still gets what it is owed', async (t) => {
  const { source, intake, port } = await runRelp(t)
  intake.hold()
  const client = await opened(t, port)
  client.send(2, 'syslog', '<13>one')
  client.socket.end(relpFrame(3, 'syslog', '<13>two'))
  await intake.received(2)
  intake.store()
  await client.until(() => client.ended)
  t.same(client.answers.slice(1), ['2 rsp 200 OK', '3 rsp 200 OK', '0 serverclose'])
  await eventually(() => source.stats().connections === 0)
})

test('who leaves waits for what is owed, however quiet the peer is', async (t) => {
  const { source, intake, port } = await runRelp(t)
  intake.hold()
  const client = await opened(t, port)
  client.send(2, 'syslog', '<13>one')
  await intake.received(1)
  await source.leave(AbortSignal.timeout(60_000), AbortSignal.abort())
  t.equal(source.stats().connections, 1)
  intake.store()
  await client.until(() => client.ended)
  t.same(client.answers.slice(1), ['2 rsp 200 OK', '0 serverclose'])
})

test('a peer that stays when all is said is closed', async (t) => {
  const { source, port } = await runRelp(t, {}, { answerTimeoutMs: 50 })
  const client = await opened(t, port)
  client.send(2, 'close')
  await client.until(() => client.ended)
  await eventually(() => source.stats().connections === 0)
  t.equal(source.stats().refused.protocol_error, 0)
})

test('a peer that has said nothing yet when the source cannot take messages goes elsewhere, too', async (t) => {
  const { source, port } = await runRelp(t)
  const silent = new RelpClient(await connectTo(t, port))
  await eventually(() => source.stats().connections === 1)
  await source.block()
  await silent.until(() => silent.ended)
  t.same(silent.answers, [])
  silent.socket.end()
  await eventually(() => source.stats().connections === 0)
})

/** Resolves when so many lines have come. */
async function lineFeeds(socket: RelpClient['socket'], count: number, begin: () => void): Promise<void> {
  let left = count
  await new Promise<void>((resolve, reject) => {
    const lost = () => reject(new Error(`closed, and ${left} answers have not come`))
    if (socket.destroyed) lost()
    socket.once('close', lost)
    socket.on('data', (chunk) => {
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) left--
      if (left === 0) resolve()
    })
    begin()
  })
}
