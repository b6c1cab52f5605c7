import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { batchBytes, maxInFlight } from '../../src/sources/collector.ts'
import { closedByPeer, connectTo, eventually, runSource, tryConnect } from '../support/running-source.ts'

const plenty = AbortSignal.timeout(60_000)

test('a full queue stops reading, bounded in memory; a blocked TCP sender loses nothing and keeps its order', async (t) => {
  const { source, intake, port } = await runSource(t)
  intake.fill()
  const senders = await Promise.all(['a', 'b'].map((name) => connectTo(t, port).then((socket) => ({ name, socket }))))
  const lines = 40_000
  const filler = 'x'.repeat(200)
  for (const { name, socket } of senders) {
    socket.write(Array.from({ length: lines }, (_, i) => `<13>${name} ${i} ${filler}\n`).join(''))
  }
  await intake.until(() => intake.refusals > 0)
  await source.block()
  for (const { socket } of senders) t.ok(socket.writableLength > 0, 'most of it is still with the sender')
  intake.empty()
  await source.unblock()
  await intake.received(2 * lines)
  for (const { name } of senders) {
    const own = intake.texts.filter((text) => text.startsWith(`<13>${name} `))
    t.ok(own.length === lines && own.every((text, i) => text === `<13>${name} ${i} ${filler}`), `all of ${name}, in order`)
  }
  t.ok(Math.max(...intake.batches.map(({ bytes }) => bytes.length)) <= batchBytes + 4 * 65_536, 'no batch beyond its bound')
})

test('without block() the pressure alone pauses, bounded in memory, and the relief alone resumes', async (t) => {
  const pressed = await runSource(t)
  const free = await runSource(t)
  pressed.intake.hold()
  const lines = 120_000
  for (const { port } of [pressed, free]) (await connectTo(t, port)).write(`<13>${'x'.repeat(100)}\n`.repeat(lines))
  await pressed.intake.until(() => pressed.intake.unstored === maxInFlight)
  await free.intake.received(lines) // as long as reading all of it takes
  t.equal(pressed.intake.unstored, maxInFlight)
  pressed.intake.store()
  await pressed.intake.received(lines)
  t.equal(pressed.intake.messages.length, lines)
  t.ok(Math.max(...pressed.intake.batches.map(({ bytes }) => bytes.length)) <= batchBytes + 2 * 65_536, 'no batch beyond its bound')
})

test('many connections that are read or go on at once stay bounded in memory, and none is forgotten', async (t) => {
  const { source, intake, port } = await runSource(t)
  const connections = 200
  const each = 200
  const senders = await Promise.all(Array.from({ length: connections }, () => connectTo(t, port)))
  await eventually(() => source.stats().connections === connections)
  intake.fill()
  for (const [i, socket] of senders.entries()) socket.write(`<13>${i} ${'x'.repeat(500)}\n`.repeat(each))
  await intake.until(() => intake.refusals > 0)
  await source.block()
  intake.empty()
  await source.unblock()
  await intake.received(connections * each)
  intake.hold()
  for (const [i, socket] of senders.entries()) socket.write(`<13>${i} ${'x'.repeat(500)}\n`.repeat(each))
  await eventually(() => intake.unstored === maxInFlight && senders.every(({ writableLength }) => writableLength === 0))
  intake.store()
  await intake.received(2 * connections * each)
  t.equal(new Set(intake.texts.map((text) => text.split(' ', 1)[0])).size, connections)
  t.ok(Math.max(...intake.batches.map(({ bytes }) => bytes.length)) <= 4 * batchBytes, 'no batch beyond its bound')
})

test('block refuses new connections at once, unblock opens the same number; old connections survive', async (t) => {
  const { source, intake, port } = await runSource(t)
  const old = await connectTo(t, port)
  old.write('<13>before\n')
  await intake.received(1)
  for (const round of [1, 2]) {
    await source.block()
    await source.block()
    t.equal(await tryConnect(port), 'ECONNREFUSED')
    t.same(
      source.stats().listening.map(({ transports }) => transports),
      [['udp']],
    )
    old.write(`<13>while ${round}\n`)
    await source.unblock()
    await source.unblock()
    t.equal(await tryConnect(port), 'connected')
    await intake.received(1 + round)
  }
  t.same(intake.texts, ['<13>before', '<13>while 1', '<13>while 2'])
  t.same(source.stats().listening, [{ transports: ['udp', 'tcp'], address: '127.0.0.1', port }])
})

test('block and unblock in quick succession end as the last one says', async (t) => {
  const { source, logger, port } = await runSource(t)
  await Promise.all([source.block(), source.unblock(), source.block(), source.unblock()])
  await eventually(() => source.stats().listening[0]?.transports.length === 2)
  t.equal(await tryConnect(port), 'connected')
  t.same(logger.messages('error'), [], 'and never find the port taken by themselves')
  await Promise.all([source.block(), source.unblock(), source.block()])
  t.equal(await tryConnect(port), 'ECONNREFUSED')
})

test('a port that another program took meanwhile is tried until it is free, and the log says so', async (t) => {
  const { source, logger, port } = await runSource(t)
  await source.block()
  const thief = createServer()
  await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve))
  await source.unblock()
  t.match(logger.messages('error'), [/cannot be opened again, trying on until it can: TCP port \d+ of 127\.0\.0\.1 is in use/])
  await new Promise((resolve) => thief.close(resolve))
  await eventually(() => source.stats().listening[0]?.transports.includes('tcp') === true)
  t.equal(await tryConnect(port), 'connected')
})

test('stop reads what is under way, half-closes, and counts what the queue did not take', async (t) => {
  const { source, intake, port } = await runSource(t)
  const polite = await connectTo(t, port)
  polite.write('<13>a\n')
  await intake.received(1)
  polite.once('end', () => polite.end('<13>last words\n')).resume()
  await source.stop(plenty)
  t.same(intake.texts, ['<13>a', '<13>last words'])
  t.equal(await tryConnect(port), 'ECONNREFUSED')
  t.same(source.stats().listening, [])
  await source.stop(plenty)

  const full = await runSource(t)
  full.intake.jam()
  const client = await connectTo(t, full.port)
  client.write('<13>no room\n<13>half')
  await full.intake.until(() => full.intake.refusals > 0)
  const deadline = new AbortController()
  const stopping = full.source.stop(deadline.signal)
  await closedByPeer(client)
  deadline.abort()
  await stopping
  t.same(full.intake.drops, { stopping: 2 })
})

test('a stop under load waits for its own pauses: no message is cut that the sender has sent', async (t) => {
  const { source, intake, port } = await runSource(t)
  const free = await runSource(t)
  intake.hold()
  const clients = await Promise.all(Array.from({ length: 4 }, () => connectTo(t, port)))
  const lines = 250
  const load = `<13>${'x'.repeat(5000)}\n`.repeat(lines)
  for (const client of clients) client.write(load)
  await intake.until(() => intake.unstored === 4)
  for (const _ of clients) (await connectTo(t, free.port)).write(load)
  await free.intake.received(clients.length * lines) // as long as reading all of it would take
  const stopping = source.stop(plenty)
  for (const client of clients) client.once('end', () => client.end()).resume()
  await closedByPeer(clients[0] as Socket)
  intake.store()
  await stopping
  t.equal(intake.messages.length, clients.length * lines)
  t.equal(source.stats().cutOff, 0)
})

test('stop in the middle of a message keeps what there is, marked, and does not outlast the deadline', async (t) => {
  const { source, intake, port } = await runSource(t)
  const client = await connectTo(t, port)
  client.write('<13>a\n<13>hal')
  await intake.received(1)
  const deadline = new AbortController()
  const stopping = source.stop(deadline.signal)
  await closedByPeer(client)
  deadline.abort()
  await stopping
  t.match(intake.messages, [
    { text: '<13>a', flags: 0 },
    { text: '<13>hal', flags: MessageFlag.cutOff },
  ])
  t.equal(source.stats().cutOff, 1)
})

test('a blocked source that leaves reads what stands in the buffers as soon as there is room, and its port stays closed', async (t) => {
  const { source, intake, logger, port } = await runSource(t)
  intake.fill()
  const sender = await connectTo(t, port)
  const lines = 20_000
  const asked = once(sender.resume(), 'end')
  sender.write(Array.from({ length: lines }, (_, i) => `<13>${i} ${'x'.repeat(100)}\n`).join(''))
  await intake.until(() => intake.refusals > 0)
  await source.block()
  const left = source.leave(plenty, AbortSignal.abort())
  await asked
  sender.end()
  t.equal(await tryConnect(port), 'ECONNREFUSED')
  intake.empty()
  await source.unblock()
  await left
  await intake.received(lines)
  t.equal(await tryConnect(port), 'ECONNREFUSED', 'room opens it no more')
  await source.stop(plenty)
  t.same(logger.messages('error'), [])
})

test('connections that have to be closed unread are told', async (t) => {
  const { source, intake, logger, port } = await runSource(t)
  intake.fill()
  const sender = await connectTo(t, port)
  sender.write(`<13>${'x'.repeat(100)}\n`.repeat(20_000))
  await intake.until(() => intake.refusals > 0)
  await source.block()
  await source.stop(AbortSignal.abort())
  t.match(logger.messages('error'), [/^1 connections are closed unread/])
})
