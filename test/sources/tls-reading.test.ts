import { once } from 'node:events'
import { Duplex, Transform } from 'node:stream'
import { connect } from 'node:tls'
import { test } from 'tap'
import { closedByPeer, connectTo, eventually } from '../support/running-source.ts'
import { connectTls, runTls, server } from '../support/running-tls-source.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'

/** Longer than a record of 512 bytes now and then, so that messages begin and end anywhere in one. */
function linesOf(name: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `<13>${name} ${i} ${String.fromCharCode(97 + (name % 26)).repeat((i * 97) % 700)}`)
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const recordBytes of [512, 16_384]) {
    test(`${version}, records of ${recordBytes} bytes: what came with the one that made a connection wait is kept, in order`, async (t) => {
      const { intake, port } = await runTls(t)
      const clients = await Promise.all(Array.from({ length: 100 }, () => connectTls(t, port, { maxVersion: version })))
      intake.fill()
      for (const [name, client] of clients.entries()) {
        client.setMaxSendFragment(recordBytes)
        client.write(`${linesOf(name, 200).join('\n')}\n`)
      }
      await eventually(() => intake.refusals > 0 && clients.every(({ writableLength }) => writableLength === 0))
      intake.empty()
      await intake.received(clients.length * 200)
      for (const name of clients.keys()) {
        const own = intake.texts.filter((text) => text.startsWith(`<13>${name} `))
        if (own.join('\n') !== linesOf(name, 200).join('\n')) t.fail(`connection ${name} is not whole and in order`)
      }
    })
  }
}

test('the end of a stream that is read with what must wait cuts no message', async (t) => {
  const { source, intake, port } = await runTls(t)
  const clients = await Promise.all(Array.from({ length: 100 }, () => connectTls(t, port)))
  intake.fill()
  for (const [name, client] of clients.entries()) {
    client.setMaxSendFragment(512)
    client.end(`${linesOf(name, 40).join('\n')}\n`)
  }
  await eventually(() => intake.refusals > 0 && clients.every(({ writableFinished }) => writableFinished))
  intake.empty()
  await intake.received(clients.length * 40)
  t.equal(source.stats().cutOff, 0)
  for (const name of clients.keys()) {
    const own = intake.texts.filter((text) => text.startsWith(`<13>${name} `))
    if (own.join('\n') !== linesOf(name, 40).join('\n')) t.fail(`connection ${name} is not whole and in order`)
  }
})

test('messages and the end of the stream in one flight with the end of the handshake', async (t) => {
  const { source, intake, port } = await runTls(t)
  const raw = await connectTo(t, port)
  const later: Buffer[] = []
  let helloSent = false
  const flight = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (helloSent) later.push(chunk)
      else this.push(chunk)
      helloSent = true
      done()
    },
    flush: (done) => done(null, Buffer.concat(later)),
  })
  flight.pipe(raw)
  const client = connect({ ca: server.cert, socket: Duplex.from({ writable: flight, readable: raw }), servername: 'localhost' })
  client.on('error', () => undefined)
  await once(client, 'secureConnect')
  const lines = linesOf(1, 200)
  client.end(lines.join('\n'))
  await intake.received(lines.length)
  t.ok(later.length > 2)
  t.same(intake.texts, lines)
  t.equal(source.stats().cutOff, 1, 'the last line has no terminator')
})

test('what a sender wrote before it reset the connection is kept, even if nobody read then', async (t) => {
  const { source, intake, logger, port } = await runTls(t)
  const raw = (await connectTo(t, port)).setNoDelay(true) // or the system may hold the messages back, and throw them away
  const client = await connectTls(t, port, { socket: raw })
  intake.fill()
  client.write('<13>before\n')
  await intake.until(() => intake.refusals > 0)
  const lines = linesOf(2, 40)
  await new Promise<void>((resolve) => client.write(`${lines.join('\n')}\n<13>half`, () => resolve()))
  raw.resetAndDestroy()
  intake.empty()
  await eventually(() => source.stats().connections === 0)
  await intake.received(lines.length + 2)
  t.same(intake.texts, ['<13>before', ...lines, '<13>half'])
  t.match(logger.messages('debug'), [/a connection broke/])
  t.equal(source.stats().tlsFailures, 0)
})

test('a source that stops keeps of each connection that waits what it had read, without a gap', async (t) => {
  const { source, intake, port } = await runTls(t)
  const clients = await Promise.all(Array.from({ length: 100 }, () => connectTls(t, port)))
  intake.fill()
  for (const [name, client] of clients.entries()) {
    client.setMaxSendFragment(512)
    client.write(`${linesOf(name, 200).join('\n')}\n`)
  }
  await eventually(() => intake.refusals > 0 && clients.every(({ writableLength }) => writableLength === 0))
  await source.stop(AbortSignal.abort())
  t.ok(intake.messages.length > 1000)
  for (const name of clients.keys()) {
    const own = intake.texts.filter((text) => text.startsWith(`<13>${name} `)).join('\n')
    if (!linesOf(name, 200).join('\n').startsWith(own)) t.fail(`connection ${name} has a gap`)
  }
})

test('a TLS 1.2 client cannot shake hands twice on one connection; what it sent before is kept', async (t) => {
  const { intake, port } = await runTls(t)
  const client = await connectTls(t, port, { maxVersion: 'TLSv1.2' })
  client.write('<13>before\n')
  await intake.received(1)
  const error = await new Promise<Error | null>((resolve) => {
    client.once('error', resolve)
    client.renegotiate({}, resolve)
  })
  t.match(error?.message, /renegotiation/)
  const other = await connectTls(t, port)
  other.write('<13>another\n')
  await intake.received(2)
  t.same(intake.texts, ['<13>before', '<13>another'])
})

test('no session ticket is sent, before and after a new certificate: senders that only write would leave it unread', async (t) => {
  const { port, files, directory } = await runTls(t)
  const renewed = await makeCertificate('renewed')
  for (const ca of [server.cert, renewed.cert]) {
    if (ca === renewed.cert) {
      writePair(directory, renewed)
      await files.reload()
    }
    const client = await connectTls(t, port, { ca, minVersion: 'TLSv1.3' })
    t.ok(client.authorized)
    let sessions = 0
    client.on('session', () => sessions++)
    client.end('<13>all it has to say\n')
    await closedByPeer(client)
    t.equal(sessions, 0)
  }
})

test('a client without AES in hardware, which puts ChaCha20 first, gets it', async (t) => {
  const { port } = await runTls(t)
  const both = ['TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384']
  for (const ciphers of [both, both.toReversed()]) {
    const client = await connectTls(t, port, { ciphers: ciphers.join(':') })
    t.equal(client.getCipher().name, ciphers[0])
  }
})
