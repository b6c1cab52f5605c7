import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { bindTcpState } from '../../src/native/tcp-state.ts'
import { connectStream } from '../../src/sinks/connect-stream.ts'
import type { Fate } from '../../src/sinks/delivery.ts'
import type { SettlingOptions, StreamConnection } from '../../src/sinks/stream-connection.ts'
import { certificate } from '../support/sink-certificates.ts'
import { StreamReceiver } from '../support/sink-receiver.ts'

const never = new AbortController().signal
const sliceBytes = 256 * 1024
const readTcpState = bindTcpState()

interface Subject {
  readonly receiver: StreamReceiver
  readonly connection: StreamConnection
}

async function connected(t: Test, scheme: 'tcp' | 'tls', options: Partial<SettlingOptions> = {}, paused = false): Promise<Subject> {
  const pair = scheme === 'tls' ? await certificate() : undefined
  const receiver = new StreamReceiver(pair)
  receiver.paused = paused
  await receiver.listen()
  t.teardown(() => receiver.close())
  const connection = await connectStream({
    endpoint: { scheme, host: '127.0.0.1', port: receiver.port },
    ...(pair && { tls: { ca: pair.cert } }),
    timeoutMs: 10_000,
    signal: never,
    settling: { maxUnsettledBytes: 2 ** 27, ...(readTcpState && { readTcpState }), ...options },
  })
  t.teardown(() => connection.destroy())
  await receiver.until(() => receiver.connections.length === 1)
  return { receiver, connection }
}

/** So many slices, each standing for one message, which cannot be made smaller on the way. */
function slices(count: number): () => { bytes: Buffer; end: number } | undefined {
  let end = 0
  return () => (end === count ? undefined : { bytes: randomBytes(sliceBytes), end: ++end })
}

/** What has become of it by the next turns of the event loop; undefined while that is open. */
async function known(fate: Promise<Fate>): Promise<Fate | undefined> {
  return Promise.race([fate, turn().then(() => turn(undefined))])
}

for (const scheme of ['tcp', 'tls'] as const) {
  test(`${scheme}: a program that reads: everything is settled, by its window alone`, async (t) => {
    const { connection, receiver } = await connected(t, scheme)
    const { written, error, fate } = await connection.deliver(slices(12), never)
    t.same([written, error], [12, undefined])
    t.same(await fate, { delivered: 12 })
    t.ok(receiver.bytes.length >= 12 * sliceBytes)
    t.equal(connection.alive, true, 'on a connection that goes on')
    t.equal(connection.open, false)
  })

  test(`${scheme}: a program that has stopped reading: nothing that it has not read is settled when it dies`, async (t) => {
    const { connection, receiver } = await connected(t, scheme)
    const first = await connection.deliver(slices(4), never)
    await receiver.until(() => receiver.bytes.length >= 4 * sliceBytes)
    const { socket } = receiver.connections[0] as (typeof receiver.connections)[0]
    socket.pause()
    // Less than the two kernels hold: they have all of it.
    const { written, error, fate } = await connection.deliver(slices(8), never)
    t.same([written, error], [8, undefined], 'the kernels have it')
    t.equal(await known(fate), undefined, 'its fate is open')
    // As when a process is killed: its kernel answers for what it had not read with a RST.
    socket.destroy()
    const read = Math.floor(receiver.bytes.length / sliceBytes)
    const [before, after] = await Promise.all([first.fate, fate])
    t.ok(before.delivered + after.delivered <= read, `${before.delivered} and ${after.delivered} delivered, ${read} read`)
    t.equal(after.delivered, 0)
    t.equal(after.error?.code, 'ENDPOINT_CLOSED')
  })

  test(`${scheme}: a flush: the receiver's end of the connection settles everything`, async (t) => {
    const { connection, receiver } = await connected(t, scheme)
    const { fate } = await connection.deliver(slices(3), never)
    await connection.flush(never)
    t.same(await fate, { delivered: 3 })
    t.equal(receiver.bytes.length, 3 * sliceBytes)
    t.equal(connection.alive, false)
  })

  test(`${scheme}: a flush of what is not read gives up with its signal, and the end comes when it is read`, async (t) => {
    const { connection, receiver } = await connected(t, scheme, {}, true)
    const { fate } = await connection.deliver(slices(3), never)
    const signal = new AbortController()
    const flushed = connection.flush(signal.signal)
    signal.abort()
    await flushed
    t.equal(await known(fate), undefined)
    t.equal(connection.writable, false)
    receiver.connections[0]?.socket.resume()
    t.same(await fate, { delivered: 3 })
    t.equal(connection.alive, false)
  })
}

test('a flush of a receiver that reads and does not end its side: its window settles it', async (t) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const connection = await connectStream({
    endpoint: { scheme: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    timeoutMs: 10_000,
    signal: never,
    settling: { maxUnsettledBytes: 2 ** 27, ...(readTcpState && { readTcpState }) },
  })
  const { fate } = await connection.deliver(slices(1), never)
  await connection.flush(never)
  t.same(await fate, { delivered: 1 })
  t.equal(connection.alive, false)
})

test('a flush where nothing is open leaves the connection alone', async (t) => {
  const { connection } = await connected(t, 'tcp')
  await connection.flush(never)
  t.equal(connection.writable, true)
})

test('no more than max_unsettled_bytes is open', async (t) => {
  const { connection, receiver } = await connected(t, 'tcp', { maxUnsettledBytes: 2 * sliceBytes }, true)
  const asked: number[] = []
  const next = slices(3)
  const delivery = connection.deliver(() => {
    const slice = next()
    if (slice !== undefined) asked.push(slice.end)
    return slice
  }, never)
  while (!connection.open) await turn()
  for (let turns = 0; turns < 20; turns++) await turn()
  t.same(asked, [1, 2], 'two fill it')
  receiver.connections[0]?.socket.resume()
  const { fate } = await delivery
  t.same(asked, [1, 2, 3], 'the third follows when there is room')
  await connection.flush(never)
  t.same(await fate, { delivered: 3 })
})

test('an abort while it waits for room leaves what was written to its fate', async (t) => {
  const { connection, receiver } = await connected(t, 'tcp', { maxUnsettledBytes: sliceBytes }, true)
  const abort = new AbortController()
  const delivery = connection.deliver(slices(6), abort.signal)
  while (!connection.open) await turn()
  abort.abort()
  const { written, error, fate } = await delivery
  t.equal(written, 1)
  t.match(error?.message, /was stopped/)
  t.equal(connection.alive, true)
  receiver.connections[0]?.socket.resume()
  t.same(await fate, { delivered: 1 })
})

test('where the kernel does not tell, what it has taken is settled', async (t) => {
  const { connection } = await connected(t, 'tcp', { readTcpState: () => undefined }, true)
  t.equal(connection.tells, false)
  const { fate } = await connection.deliver(slices(1), never)
  t.same(await fate, { delivered: 1 })
  await connection.flush(never)
  t.equal(connection.alive, true)
})
