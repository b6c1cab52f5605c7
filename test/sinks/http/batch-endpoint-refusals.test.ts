import { test } from 'tap'
import { fate, never, subject, upTo } from '../../support/batch-endpoint-subject.ts'
import { seqsIn } from '../../support/scripted-dialect.ts'
import type { AnswerScript } from '../../support/scripted-http-client.ts'
import { numberedMessages, storedBatch } from '../../support/sink-batches.ts'

/** A receiver that refuses a request in which one of these is. */
function refusing(bad: readonly number[], status = 400): AnswerScript {
  return ({ text }) => (seqsIn(text).some((seq) => bad.includes(seq)) ? status : 200)
}

test('one bad document in a request of 1024 costs some 20 requests; it alone is rejected, in order but for that', async (t) => {
  for (const bad of [0, 1, 333, 512, 1023]) {
    const { sink, client } = subject(t, refusing([bad]))
    const batch = storedBatch(numberedMessages(1024))
    const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
    t.equal(delivered.length, 1023)
    t.same([rejected, retry], [[[bad, 'DOCUMENT_REFUSED']], undefined])
    t.ok(client.requests.length <= 21, `${client.requests.length} requests`)
    const taken = client.texts.map(seqsIn).filter((seqs) => !seqs.includes(bad))
    t.same(
      taken.flat(),
      upTo(1024).filter((seq) => seq !== bad),
      'each other once, in order',
    )
    t.match(sink.endpoints(), [{ state: 'connected', error: undefined }])
  }
})

test('bad documents in a row, at the head and at the end, do not hold up the rest', async (t) => {
  for (const bad of [upTo(20), upTo(20, 180), upTo(100), [...upTo(7), ...upTo(9, 8)]]) {
    const { sink } = subject(t, refusing(bad))
    const batch = storedBatch(numberedMessages(200))
    const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
    t.equal(retry, undefined)
    t.same(
      rejected.map(([seq]) => seq),
      bad,
    )
    t.equal(delivered.length, 200 - bad.length)
  }
})

test('an endpoint that refuses everything makes no dead letters of it', async (t) => {
  const { sink, client, logger } = subject(t, () => 400)
  const batch = storedBatch(numberedMessages(1000))
  for (const _ of upTo(2)) {
    const before = client.requests.length
    const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
    t.same([delivered, rejected, retry?.error.code], [[], [], 'ENDPOINT_REFUSED'])
    t.match(retry?.error.message, /refuses each of 12 messages that were sent alone: bad request/)
    t.ok(client.requests.length - before <= 30, 'and it is asked a few times only')
  }
  t.match(sink.endpoints(), [{ error: { code: 'ENDPOINT_REFUSED' } }])
  t.equal(logger.messages('warn').length, 1)
})

test('documents of which each is refused for the same reason are in doubt, with different reasons they are not', async (t) => {
  const alike = subject(t, () => 400)
  const batch = storedBatch(numberedMessages(3))
  t.match(await fate(t, alike.sink, batch, alike.sink.send(batch, never)), { rejected: [], retry: { error: { code: 'ENDPOINT_REFUSED' } } })
  const different = subject(t, ({ text }) => (text.startsWith('1 ') ? 422 : 400))
  t.match(await fate(t, different.sink, batch, different.sink.send(batch, never)), {
    rejected: upTo(3).map((seq) => [seq]),
    retry: undefined,
  })
})

/** A receiver in which a document brings a fault of its own, and the others of its request are taken. */
function failingOn(bad: readonly number[]): AnswerScript {
  return ({ text }) => {
    const letters = seqsIn(text).map((seq) => (bad.includes(seq) ? 'f' : 'd'))
    return { status: 207, body: letters.join('') }
  }
}

test('a document that brings a fault of the receiver, and does so again while others are delivered, is rejected', async (t) => {
  const { sink, client } = subject(t, failingOn([2]))
  const batch = storedBatch(numberedMessages(5))
  const first = await fate(t, sink, batch, sink.send(batch, never))
  t.match(first, { delivered: [0, 1, 3, 4], rejected: [], retry: { error: { message: 'a fault' } } })
  const rest = storedBatch(['x'], { seqs: [[2, 2]] })
  t.match(await fate(t, sink, rest, sink.send(rest, never)), { rejected: [[2, 'DOCUMENT_REFUSED']], retry: undefined })
  client.script = failingOn([7])
  const alone = storedBatch(['x'], { seqs: [[7, 7]] })
  for (const _ of upTo(2))
    t.match(await fate(t, sink, alone, sink.send(alone, never)), { rejected: [], retry: {} }, 'nobody else was delivered')
  t.match(await fate(t, sink, alone, sink.send(alone, never)), { rejected: [[7]], retry: undefined }, 'three times')
})

test('a receiver with the same fault for everything gets a message for a dead letter now and then, not all of them', async (t) => {
  const { sink } = subject(t, ({ text }) => ({ status: 207, body: 'f'.repeat(seqsIn(text).length) }))
  const batch = storedBatch(numberedMessages(100))
  for (const _ of upTo(2)) t.match(await fate(t, sink, batch, sink.send(batch, never)), { delivered: [], rejected: [], retry: {} })
  const { rejected } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(rejected, [[0, 'DOCUMENT_REFUSED']])
})

test('a message that is alone: trusted once after a delivery, then three tries', async (t) => {
  const { sink, client } = subject(t)
  const one = (seq: number) => {
    const batch = storedBatch(['x'], { seqs: [[seq, seq]] })
    return fate(t, sink, batch, sink.send(batch, never))
  }
  await one(0)
  client.script = () => 400
  t.match(await one(1), { rejected: [[1]], retry: undefined }, 'the endpoint has just delivered')
  for (const _ of upTo(2)) t.match(await one(2), { rejected: [], retry: { error: { code: 'ENDPOINT_REFUSED' } } })
  t.match(await one(2), { rejected: [[2]], retry: undefined }, 'the third time')
  for (const _ of upTo(5)) t.match(await one(3), { rejected: [], retry: {} }, 'the next has more tries')
  t.match(await one(3), { rejected: [[3]], retry: undefined })
  t.match(await one(4), { rejected: [], retry: {} })
  client.script = () => 200
  await one(5)
  client.script = () => 400
  t.match(await one(4), { rejected: [[4]], retry: undefined }, 'others were delivered meanwhile')
})

test('too large: halved, and what follows is cut smaller at once', async (t) => {
  const { sink, client } = subject(t, ({ text }) => (text.length > 3000 ? 413 : 200), { max_request_size: 10_000 })
  const batch = storedBatch(numberedMessages(500, 96))
  const { delivered } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(delivered, upTo(500))
  const refused = client.texts.filter((text) => text.length > 3000)
  t.ok(refused.length <= 12, `${refused.length} requests were too large of ${client.requests.length}`)
  const more = storedBatch(numberedMessages(500, 96))
  await fate(t, sink, more, sink.send(more, never))
  t.ok(client.texts.filter((text) => text.length > 3000).length <= refused.length + 2)
})

test('a document that is too large alone among others is rejected, and requests stay as large as they were', async (t) => {
  const { sink, client } = subject(t, ({ text }) => (text.split('\n').some((line) => line.length > 5000) ? 413 : 200))
  const messages = numberedMessages(2000, 96)
  messages[3] = 'x'.repeat(6000)
  const batch = storedBatch(messages)
  const { rejected } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(rejected, [[3, 'MESSAGE_TOO_LARGE']])
  const before = client.requests.length
  const more = storedBatch(numberedMessages(2000, 96))
  await fate(t, sink, more, sink.send(more, never))
  t.ok(client.requests.length - before <= 3, `${client.requests.length - before} requests`)
})

test('a failure while a request is halved: what was taken is delivered, the rest is sent again because of it', async (t) => {
  const { sink } = subject(t, ({ text }, index) => (index === 3 ? 503 : seqsIn(text).includes(9) ? 400 : 200))
  const batch = storedBatch(numberedMessages(16))
  const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
  t.same([delivered, rejected], [upTo(8), []])
  t.match(retry?.error.message, /503/)
})

test('while a request is halved others are delivered', async (t) => {
  const { sink, client } = subject(t, () => undefined, { max_request_size: 1000 })
  const batch = storedBatch(numberedMessages(18, 100))
  const sent = await sink.send(batch, never)
  await client.given(2)
  client.requests[0]?.answer(400)
  client.requests[1]?.answer(200)
  await client.given(3)
  t.same(seqsIn(client.texts[2] as string), upTo(5), 'a half takes the place of the whole')
  client.script = () => 200
  client.requests[2]?.answer(200)
  t.same((await fate(t, sink, batch, sent)).delivered, upTo(18))
})

test('what is acknowledged later shows as well that the endpoint takes documents', async (t) => {
  const { sink } = subject(t, ({ text }) => (text.includes('1 <13>') ? 400 : 202))
  const batch = storedBatch(numberedMessages(2))
  t.match(await fate(t, sink, batch, sink.send(batch, never)), { delivered: [0], rejected: [[1]], retry: undefined })
})

test('a document that is refused as too large and is alone says nothing about the size of requests', async (t) => {
  const { sink, client } = subject(t, ({ text }) => (text.includes('long') ? 413 : 200))
  const first = storedBatch(numberedMessages(1))
  await fate(t, sink, first, sink.send(first, never))
  const long = storedBatch([`long ${'x'.repeat(1000)}`])
  t.match(await fate(t, sink, long, sink.send(long, never)), { rejected: [[0, 'MESSAGE_TOO_LARGE']], retry: undefined })
  const more = storedBatch(numberedMessages(100))
  await fate(t, sink, more, sink.send(more, never))
  t.same(
    client.texts.slice(2).map((text) => seqsIn(text).length),
    [100],
  )
})
