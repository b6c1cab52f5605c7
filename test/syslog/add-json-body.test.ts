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

test('a document that has no place for a field says so, once', async (t) => {
  t.match(added({ module: 'theirs' }, 'nest', { jsonField: 'event' }), { event: { module: 'm' }, tags: ['json_conflict'] })
  const twice = added({ event: 'x', 'event.module': 'y' }, 'merge', { own: { tags: ['ours'] } })
  t.match(twice, { event: { module: 'm' }, json: { event: 'x' }, tags: ['ours', 'json_conflict'] })
  t.equal(added({ a: 1 }, 'merge').tags, undefined)
  t.match(added({ tags: 0, _id: [], json: [] }, 'merge'), { tags: [0, 'json_conflict'], json: [] }, 'a single tag of its own')
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
  const document = added({ 'log.level': 'info', 'event.module': 'theirs', 'log.logger': 'l', 'my.own': 1 }, 'merge')
  t.match(document, { log: { level: 'info', logger: 'l' }, event: { module: 'm' }, 'my.own': 1 })
  t.strictSame(document.json, { event: { module: 'theirs' } })
  t.match(added({ event: { 'kind.of': 1 }, 'log.a.b': 2 }, 'merge'), { event: { module: 'm', kind: { of: 1 } }, log: { a: { b: 2 } } })
  t.strictSame(added({ [`log${'.a'.repeat(100_000)}`]: 1 }, 'merge').tags, ['json_too_large'])
})

test('merge: what stands below a value of ours, or is a value where we have an object, is below the field', async (t) => {
  for (const body of [
    { message: { x: 1 } },
    { '@timestamp': { x: 1 } },
    { tags: { env: 'prod' } },
    { tags: ['a', { env: 'prod' }] },
    { log: { file: 'app.py' } },
    { log: { syslog: { facility: 'user' } } },
    { tls: { client: 'x' } },
    { aws: { s3: { bucket: 'b' } } },
    { host: { name: { x: 1 } } },
    { tls: [{ client: 'x' }] },
  ]) {
    const document = added(body, 'merge')
    t.strictSame(document, { '@timestamp': 'received', message: JSON.stringify(body), event: { module: 'm' }, json: body })
  }
  for (const [name, json] of [
    ['message.x', { message: { x: 1 } }],
    ['@timestamp.x', { '@timestamp': { x: 1 } }],
    ['tags.x', { tags: { x: 1 } }],
    ['_id.x', { '_id.x': 1 }],
    ['log.file', { log: { file: 1 } }],
    ['aws.s3.object', { aws: { s3: { object: 1 } } }],
    ['host.name.x', { host: { name: { x: 1 } } }],
  ] as const)
    t.strictSame(added({ [name]: 1 }, 'merge').json, json)
  t.match(added({ log: { file: 'app.py', line: 3, 'syslog.msgid': 'm' }, tags: ['a'] }, 'merge'), {
    log: { line: 3, syslog: { msgid: 'm' } },
    tags: ['a'],
    json: { log: { file: 'app.py' } },
  })
  t.match(added({ tls: [{ client: { subject: 's' } }], log: {} }, 'merge'), {
    tls: [{ client: { subject: 's' } }],
    log: {},
    json: undefined,
  })
})

test('merge: a body that contradicts itself is kept as a whole, in whatever order', async (t) => {
  const fields = { 'log.file.path': { x: 1 }, log: { file: 'a', level: 'b' }, 'log.level': 'c', 'log.file': 'd' }
  const expected = {
    log: { level: 'b' },
    json: { log: { file: 'a', level: 'c' }, 'log.file.path': { x: 1 }, 'log.file': 'd' },
  }
  t.match(added(fields, 'merge'), expected)
  t.match(added(Object.fromEntries(Object.entries(fields).reverse()), 'merge'), expected)
  t.match(added({ log: { 'file.path.z': 1, file: 'a' } }, 'merge').json, { log: { file: 'a', 'file.path.z': 1 } })
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
    t.strictSame(added('{"a..b":1}', jsonBody), {
      '@timestamp': 'received',
      message: '{"a..b":1}',
      event: { module: 'm' },
      tags: ['json_names'],
    })
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
