import { test } from 'tap'
import { RelayError } from '../../../src/core/errors.ts'
import { fate, never, subject, upTo } from '../../support/batch-endpoint-subject.ts'
import { seqsIn } from '../../support/scripted-dialect.ts'
import { numberedMessages, storedBatch } from '../../support/sink-batches.ts'

test('a small batch is one request, which is begun at once', async (t) => {
  const { sink, client } = subject(t)
  t.match(sink.endpoints(), [{ endpoint: client.name, state: 'idle', error: undefined }])
  const batch = storedBatch(['one', 'two'], {
    seqs: [
      [7, 7],
      [9, 9],
    ],
  }) // prettier-ignore
  const sent = await sink.send(batch, never)
  t.same(client.texts, ['7 one\n9 two\n'])
  t.same([sent.delivered, sent.unsettled?.seqs, sent.retry], [[], batch.seqs, undefined])
  t.same(await sent.unsettled?.outcome, { delivered: batch.seqs, rejected: [] })
  t.match(sink.endpoints(), [{ state: 'connected' }])
})

test('what stands around documents stands around those of a half as well', async (t) => {
  const script = ({ text }: { text: string }) => (text.includes('5') ? 400 : 200)
  const { sink, client, dialect } = subject(t, script, { around: { before: '[', between: ', ', after: ']' } })
  dialect.format = ({ seq }) => `${seq}`
  const batch = storedBatch(numberedMessages(6))
  const { delivered, rejected } = await fate(t, sink, batch, sink.send(batch, never))
  t.same([delivered, rejected], [upTo(5), [[5, 'DOCUMENT_REFUSED']]])
  t.same(client.texts, ['[0, 1, 2, 3, 4, 5]', '[0, 1, 2]', '[3, 4]', '[5]'])
})

test('a batch is cut into requests of the size that the pace allows, and they are begun in order', async (t) => {
  const { sink, client } = subject(t, undefined, { max_request_size: 10_000 })
  const messages = numberedMessages(1000, 96)
  const batch = storedBatch(messages)
  const { delivered } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(delivered, upTo(1000))
  t.same(client.texts.flatMap(seqsIn), upTo(1000), 'in order')
  t.ok(client.requests.length <= 12, `${client.requests.length} requests`)
  t.ok(client.texts.every((text) => text.length <= 10_000))
})

test('as many requests as the pace allows are in flight; the next waits, takes from the sends that follow, and then holds them up', async (t) => {
  const { sink, client } = subject(t, () => undefined, { max_request_size: 1000, max_requests_in_flight: 2 })
  const batches = upTo(6).map((i) => storedBatch(numberedMessages(4, 100), { seqs: [[i * 4, i * 4 + 3]] }))
  const fates: Promise<unknown>[] = []
  for (const batch of batches.slice(0, 4)) fates.push(fate(t, sink, batch, await sink.send(batch, never)))
  t.equal(client.requests.length, 2, 'two are in flight, and two sends have filled the third')
  let resolved = false
  const held = sink.send(batches[4] as never, never).then((outcome) => {
    resolved = true
    return fate(t, sink, batches[4] as never, outcome)
  })
  await new Promise(setImmediate)
  t.equal(resolved, false, 'a fifth does not fit')
  client.script = () => 200
  client.requests[1]?.answer(200)
  await client.given(3)
  t.same(seqsIn(client.texts[2] as string), upTo(9, 8))
  client.requests[0]?.answer(200)
  t.match(await Promise.all([...fates, held]), Array(5).fill({ retry: undefined, rejected: [] }))
  t.same(client.texts.flatMap(seqsIn), upTo(20))
  t.equal(client.mostInFlight, 2)
})

test('a document that is too large for any request is rejected, it alone; a large one is a request of its own', async (t) => {
  const { sink, client } = subject(t, undefined, { max_request_size: 2000 })
  const batch = storedBatch(['a', 'b'.repeat(2000), 'c'.repeat(1996), 'd'])
  const { delivered, rejected } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(delivered, [0, 2, 3])
  t.same(rejected, [[1, 'MESSAGE_TOO_LARGE']])
  t.same(client.texts.map(seqsIn), [[0], [2], [3]])
})

test('nothing is open when all is known already', async (t) => {
  const { sink, client, dialect } = subject(t)
  dialect.format = () => {
    throw new Error('no')
  }
  const outcome = await sink.send(storedBatch(['a', 'b']), never)
  t.equal(outcome.unsettled, undefined)
  t.match(outcome, { delivered: [], rejected: [{ seqs: [0, 0] }, { seqs: [1, 1], error: { code: 'INTERNAL' } }], retry: undefined })
  t.equal(client.requests.length, 0)
})

test('one verdict each: those that are to be sent again are not named, and the first says why', async (t) => {
  const { sink } = subject(t, () => ({ status: 207, body: 'drxbd', headers: { 'retry-after': '7' } }))
  const batch = storedBatch(numberedMessages(5), { seqs: [[10, 14]] })
  const { delivered, rejected, retry } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(delivered, [10, 14])
  t.same(rejected, [[12, 'DOCUMENT_REFUSED']])
  t.match(retry, { error: { code: 'INDEX_BLOCKED' }, afterMs: 7000 })
  t.match(sink.endpoints(), [{ state: 'connected', error: { code: 'INDEX_BLOCKED' } }])
})

test('a wrong number of verdicts is a mistake of ours, and everything is sent again', async (t) => {
  const { sink } = subject(t, () => ({ status: 207, body: 'dd' }))
  const batch = storedBatch(numberedMessages(3))
  const { delivered, retry } = await fate(t, sink, batch, sink.send(batch, never))
  t.same(delivered, [])
  t.match(retry?.error, { code: 'INTERNAL', message: '2 verdicts for 3 documents' })
})

test('a failing endpoint: one line when it begins, one when it is well, and nothing newer is begun', async (t) => {
  const { sink, client, logger } = subject(t, () => undefined, { max_request_size: 1000, max_requests_in_flight: 1 })
  const batches = upTo(3).map((i) => storedBatch(numberedMessages(7, 100), { seqs: [[i * 7, i * 7 + 6]] }))
  const first = fate(t, sink, batches[0] as never, await sink.send(batches[0] as never, never))
  const second = fate(t, sink, batches[1] as never, sink.send(batches[1] as never, never))
  await new Promise(setImmediate)
  client.requests[0]?.fail(new RelayError('ENDPOINT_UNREACHABLE', 'connection refused'))
  for (const { delivered, retry } of await Promise.all([first, second])) {
    t.same([delivered, retry?.error.message], [[], 'connection refused'])
  }
  t.equal(client.requests.length, 1, 'what waited was not sent')
  t.match(sink.endpoints(), [{ state: 'idle', error: { code: 'ENDPOINT_UNREACHABLE', message: 'connection refused' } }])
  client.script = (_, index) => (index === 1 ? 503 : 200)
  t.match((await fate(t, sink, batches[0] as never, sink.send(batches[0] as never, never))).retry?.error.message, /503/)
  t.match(sink.endpoints(), [{ state: 'connected', error: { code: 'ENDPOINT_REFUSED' } }])
  t.same((await fate(t, sink, batches[0] as never, sink.send(batches[0] as never, never))).delivered, upTo(7))
  t.equal(sink.endpoints()[0]?.error, undefined)
  t.same(logger.messages('warn'), ['connection refused', 'answers 503 to 7 documents'])
  t.match(logger.messages('info'), [/works again/])
})

test('busy: the pause that is asked for is told, and fewer are in flight', async (t) => {
  const subjectOf = subject(t, () => undefined, { max_request_size: 1000, max_requests_in_flight: 2 })
  const { sink, client } = subjectOf
  const batch = storedBatch(numberedMessages(30, 100))
  const sending = sink.send(batch, never)
  await client.given(2)
  subjectOf.nowMs = 10
  client.requests[0]?.answer({ status: 429, headers: { 'retry-after': '3' } })
  const { retry } = await Promise.all([sending, new Promise(setImmediate)]).then(([outcome]) => {
    client.requests[1]?.answer(200)
    return fate(t, sink, batch, outcome)
  })
  t.match(retry, { error: { code: 'ENDPOINT_BUSY' }, afterMs: 3000 })
  client.script = () => undefined
  subjectOf.nowMs = 20
  const before = client.requests.length
  const abort = new AbortController()
  const again = storedBatch(numberedMessages(30, 100))
  const held = sink.send(again, abort.signal)
  for (const _ of upTo(5)) await new Promise(setImmediate)
  t.equal(client.requests.length - before, 1)
  abort.abort()
  await held
})

test('documents that are acknowledged later free their place and stay open', async (t) => {
  const { sink, client, dialect } = subject(t, () => 202, { max_request_size: 1000, max_requests_in_flight: 1 })
  const waiting: PromiseWithResolvers<{ all: 'delivered' | { retry: RelayError } }>[] = []
  dialect.acknowledge = () => {
    waiting.push(Promise.withResolvers())
    return (waiting.at(-1) as (typeof waiting)[0]).promise
  }
  const batch = storedBatch(numberedMessages(27, 100))
  const sent = await sink.send(batch, never)
  await client.given(3)
  t.same(sent.delivered, [])
  while (waiting.length < 3) await new Promise(setImmediate)
  const flushed = sink.flush(never)
  waiting[1]?.resolve({ all: 'delivered' })
  waiting[0]?.resolve({ all: 'delivered' })
  waiting[2]?.resolve({ all: { retry: new RelayError('ENDPOINT_CLOSED', 'not indexed in time') } })
  await flushed
  const { delivered, retry } = await fate(t, sink, batch, sent)
  t.same(delivered, seqsIn(client.texts.slice(0, 2).join('')))
  t.match(retry?.error.message, 'not indexed in time')
})

test('so many acknowledgements are waited for and no more', async (t) => {
  const { sink, client, dialect } = subject(t, () => 202)
  let waiting = 0
  const acknowledged = Promise.withResolvers<{ all: 'delivered' }>()
  dialect.acknowledge = () => {
    waiting++
    return acknowledged.promise
  }
  for (const seq of upTo(1026)) {
    await sink.send(storedBatch(['x'], { seqs: [[seq, seq]] }), never)
    while (waiting < Math.min(1024, seq + 1)) await new Promise(setImmediate)
  }
  t.equal(client.requests.length, 1024)
  acknowledged.resolve({ all: 'delivered' })
  await sink.flush(never)
  t.same(client.texts.slice(1024), ['1024 x\n1025 x\n'])
})

test('a request is not begun while a send adds to it', async (t) => {
  const { sink, client } = subject(t, () => undefined, { max_requests_in_flight: 1 })
  await sink.send(storedBatch(['x']), never)
  const sending = sink.send(storedBatch(numberedMessages(900, 1000)), never)
  client.requests[0]?.answer(200)
  await sending
  await client.given(2)
  t.same(seqsIn(client.texts[1] as string), upTo(900))
})

test('bodies are compressed as configured, small ones are not', async (t) => {
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    const { sink, client } = subject(t, undefined, { compression })
    const batch = storedBatch(numberedMessages(100))
    await fate(t, sink, batch, sink.send(batch, never))
    t.equal(client.requests[0]?.request.headers?.['content-encoding'], compression === 'none' ? undefined : compression)
    t.same(seqsIn(client.texts[0] as string), upTo(100))
    const small = storedBatch(['x'])
    await fate(t, sink, small, sink.send(small, never))
    t.same([client.texts[1], client.requests[1]?.request.headers], ['0 x\n', {}])
  }
})

test('memory is used again only when nobody reads it: bodies are whole and begun in order, whatever compression and halving do', async (t) => {
  for (const compression of ['gzip', 'none'] as const) {
    const { sink, client } = subject(t, ({ text }) => (/^777 /m.test(text) ? 400 : 200), { compression })
    const fates: Promise<unknown>[] = []
    for (const i of upTo(40)) {
      // Large and small by turns: a small one is compressed sooner.
      const batch = storedBatch(numberedMessages(i % 2 === 0 ? 97 : 3, i % 2 === 0 ? 4000 : 1000), { seqs: [numbersOf(i)] })
      fates.push(fate(t, sink, batch, await sink.send(batch, never)))
    }
    await Promise.all(fates)
    const whole = client.requests.every(({ request, text }) => compression === 'gzip' || request.body?.toString() === text)
    t.ok(whole, 'what the client was given stays as it was, as it may read it still')
    const taken = client.texts.filter((text) => !/^777 /m.test(text))
    t.ok(
      taken
        .join('')
        .split('\n')
        .slice(0, -1)
        .every((line) => /^\d+ <13>message \d+ x+$/.test(line)),
    )
    t.same(
      taken.flatMap(seqsIn).sort((a, b) => a - b),
      upTo(2000).filter((seq) => seq !== 777),
    )
    const firsts = client.texts.map(seqsIn).filter((seqs) => seqs.every((seq) => seq < 600 || seq > 1200))
    t.same(
      firsts.flat(),
      firsts.flat().sort((a, b) => a - b),
    )
  }
})

/** 97 and 3 numbers by turns. */
function numbersOf(batch: number): [number, number] {
  const first = Math.floor(batch / 2) * 100 + (batch % 2) * 97
  return [first, first + (batch % 2 === 0 ? 96 : 2)]
}
