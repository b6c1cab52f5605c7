import fc from 'fast-check'
import { test } from 'tap'
import { addJsonBody } from '../../src/syslog/add-json-body.ts'
import type { Fields } from '../../src/syslog/merge-into.ts'

const parse = { timezone: 'UTC', receivedAtMs: Date.parse('2026-11-22T08:00:05Z') }

/** A document with this message, and what becomes of it. */
function added(
  body: unknown,
  jsonBody: 'merge' | 'nest',
  { jsonField = 'json', own = {} }: { jsonField?: string; own?: Fields } = {},
): Fields {
  const message = typeof body === 'string' ? body : JSON.stringify(body)
  const document = { '@timestamp': 'received', message, event: { module: 'm' }, ...own }
  addJsonBody(document, { jsonBody, jsonField }, parse)
  return document
}

test('nest: all of it below one field, its date and message on top', async (t) => {
  const body = { timestamp: '2026-11-22T08:00:00Z', message: 'hello', event: { module: 'x' }, host: 'h', __proto__x: 1 }
  t.strictSame(added(body, 'nest'), { '@timestamp': '2026-11-22T08:00:00Z', message: 'hello', event: { module: 'm' }, json: body })
  t.match(added({ a: 1 }, 'nest', { jsonField: 'suricata.eve' }), { message: '{"a":1}', suricata: { eve: { a: 1 } } })
  t.match(added({ a: 1 }, 'nest', { jsonField: 'event.body' }), { event: { module: 'm', body: { a: 1 } } })
})

test('merge: its fields at the top, objects deeply', async (t) => {
  const document = added({ time: 1763748000, event_type: 'alert', event: { kind: 'alert' }, alert: { id: 1 } }, 'merge')
  t.strictSame(document, {
    '@timestamp': '2025-11-21T18:00:00Z',
    message: '{"time":1763748000,"event_type":"alert","event":{"kind":"alert"},"alert":{"id":1}}',
    event: { module: 'm', kind: 'alert' },
    time: 1763748000,
    event_type: 'alert',
    alert: { id: 1 },
  })
})

test('merge: ours win, and what would take their place is below the field', async (t) => {
  const own = { source: { ip: '192.0.2.1' }, tags: ['ours'] }
  const document = added({ event: { module: 'theirs', id: 1 }, source: { ip: '10.0.0.1' }, tags: ['theirs'], a: 1 }, 'merge', { own })
  t.match(document, { event: { module: 'm', id: 1 }, source: { ip: '192.0.2.1' }, tags: ['ours', 'theirs'], a: 1 })
  t.strictSame(document.json, { event: { module: 'theirs' }, source: { ip: '10.0.0.1' } })
})

test('merge: its own @timestamp is used and not kept twice, unless it is none', async (t) => {
  const dated = added({ '@timestamp': '2026-11-22T08:00:00+0000', a: 1 }, 'merge')
  t.equal(dated['@timestamp'], '2026-11-22T08:00:00Z')
  t.notOk('json' in dated)
  const wrong = added({ '@timestamp': 'noon', a: 1 }, 'merge')
  t.equal(wrong['@timestamp'], 'received')
  t.strictSame(wrong.json, { '@timestamp': 'noon' })
})

test('merge: a message that is a text takes the place of the body, any other does not', async (t) => {
  const told = added({ message: 'hello', a: 1 }, 'merge')
  t.equal(told.message, 'hello')
  t.notOk('json' in told)
  const body = { message: { text: 'hello' } }
  t.match(added(body, 'merge'), { message: JSON.stringify(body), json: body })
})

test('merge: what no store takes at the top is below the field', async (t) => {
  const document = added(
    { host: 'web', user: null, error: ['x'], _id: '7', _index: 'i', process: { pid: 1 }, related: [{ a: 1 }] },
    'merge',
  )
  t.strictSame(document.json, { host: 'web', user: null, error: ['x'], _id: '7', _index: 'i' })
  t.match(document, { process: { pid: 1 }, related: [{ a: 1 }] })
})

test('merge: names with dots are the fields that the schema knows', async (t) => {
  const document = added({ 'log.level': 'info', 'event.module': 'theirs', 'log.logger': 'l', 'my.own': 1, 'log..x': 2, 'log.': 3 }, 'merge')
  t.match(document, { log: { level: 'info', logger: 'l' }, event: { module: 'm' }, 'my.own': 1 })
  t.strictSame(document.json, { 'log..x': 2, 'log.': 3, event: { module: 'theirs' } })
  const deep = `log${'.a'.repeat(100_000)}`
  t.strictSame(added({ [deep]: 1 }, 'merge').json, { [deep]: 1 })
})

test('merge: the field itself may stand in the body', async (t) => {
  t.strictSame(added({ json: 'x', host: 'h' }, 'merge').json, { json: 'x', host: 'h' })
  t.strictSame(added({ json: { a: 1 }, host: 'h' }, 'merge').json, { a: 1, host: 'h' })
})

test('what only begins as an object stays text, with a tag', async (t) => {
  for (const jsonBody of ['merge', 'nest'] as const) {
    t.strictSame(added('{"a":1', jsonBody, { own: { tags: ['one'] } }), {
      '@timestamp': 'received',
      message: '{"a":1',
      event: { module: 'm' },
      tags: ['one', 'json_error'],
    })
    t.strictSame(added('text {"a":1}', jsonBody).tags, undefined)
    t.strictSame(added(`${'{"a":'.repeat(12_000)}1${'}'.repeat(12_000)}`, jsonBody).tags, ['json_too_large'])
  }
})

test('a document can always be written, whatever the body, and keeps its own fields', async (t) => {
  const names = fc.constantFrom('a', 'json', 'event', 'log', 'log.level', 'host', '_id', '__proto__', 'message', 'tags', '@timestamp', '')
  const value = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), tie('fields')),
    fields: fc.dictionary(names, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  }))
  fc.assert(
    fc.property(value.fields, fc.constantFrom('merge', 'nest'), (body, jsonBody) => {
      const document = added(JSON.stringify(body), jsonBody as 'merge')
      t.match(JSON.parse(JSON.stringify(document)), { event: { module: 'm' } })
      t.type(document.message, 'string')
      t.type(document['@timestamp'], 'string')
    }),
  )
})
