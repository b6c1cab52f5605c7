import { test } from 'tap'
import { maxJsonDepth, maxJsonFields, maxJsonLength, maxJsonNames, readJsonBody } from '../../src/syslog/json-body.ts'

/** What it writes for what it read. */
function again(text: string): string {
  const body = readJsonBody(text)
  if (body === undefined) return 'text'
  return 'problem' in body ? body.problem : JSON.stringify(body.fields)
}

test('a JSON object, with a CEE cookie or without', async (t) => {
  for (const text of ['{"a":1}', ' \t{"a":1} ', '@cee:{"a":1}', '@cee: {"a":1}', ' @cee:  {"a": 1}\n'])
    t.equal(again(text), '{"a":1}', text)
})

test('anything else is text, and tagged only where it begins as an object', async (t) => {
  for (const text of ['', 'text', '[1]', '"{}"', '@cee: [1]', 'a {"a":1}', '7', 'null']) t.equal(again(text), 'text', text)
  for (const text of ['{', '{main} started', '{"a":1', '{"a":1} and more', '@cee: {oops', "{'a':1}"])
    t.equal(again(text), 'json_error', text)
})

test('whole numbers of 64 bits keep their digits', async (t) => {
  const text = '{"a":-9214364837600034816,"b":[18446744073709551615],"c":9007199254740993,"d":1.5}'
  t.equal(again(text), text)
  t.equal(again('{"a": 12345678901234567890}'), '{"a":12345678901234567890}')
  t.equal(again('{"a":9007199254740991,"b":"99999999999999999999"}'), '{"a":9007199254740991,"b":"99999999999999999999"}')
})

test('a number that no store could read is none', async (t) => {
  t.equal(again('{"a":1e999,"b":-1e999}'), '{"a":null,"b":null}')
  t.equal(again(`{"a":${'9'.repeat(400)}}`), '{"a":null}')
  t.equal(again(`{"a":${'9'.repeat(30)}}`), '{"a":1e+30}')
})

test('the last of two fields with one name counts', async (t) => {
  t.equal(again('{"a":1,"a":2}'), '{"a":2}')
})

test('depth, fields and length have a bound', async (t) => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  t.equal(again(deep(maxJsonDepth)), deep(maxJsonDepth))
  t.equal(again(deep(maxJsonDepth + 1)), 'json_too_large')
  const lists = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  t.equal(again(lists), 'json_too_large')
  const list = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
  t.equal(again(list(maxJsonDepth)), list(maxJsonDepth))
  t.equal(again(list(maxJsonDepth + 1)), 'json_too_large')
  const both = `${'{"a":['.repeat(maxJsonDepth)}1${']}'.repeat(maxJsonDepth)}`
  t.equal(again(both), both, 'a store counts objects and lists apart')
  const dotted = (names: number) => `{"a":{"a${'.a'.repeat(names - 2)}":1}}`
  t.equal(again(dotted(maxJsonDepth)), dotted(maxJsonDepth))
  t.equal(again(dotted(maxJsonDepth + 1)), 'json_too_large')
  t.equal(again(deep(100_000)), 'json_too_large')
  const wide = (fields: number) => JSON.stringify(Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${i}`, i])))
  t.equal(again(wide(maxJsonFields)), wide(maxJsonFields))
  t.equal(again(wide(maxJsonFields + 1)), 'json_too_large')
  t.equal(again(`{"a":[${wide(maxJsonFields)}]}`), 'json_too_large')
  const same = (objects: number) => `{"a":[${Array.from({ length: objects }, () => '{"b":1,"c":[2]}').join()}]}`
  t.equal(again(same(maxJsonFields)), same(maxJsonFields), 'the objects of a list have the same fields')
  t.equal(again(same(maxJsonNames / 2)), 'json_too_large')
  const long = `{"a":"${'x'.repeat(maxJsonLength - 8)}"}`
  t.equal(again(long), long)
  t.equal(again(`${long.slice(0, -2)}x"}`), 'json_too_large')
})

test('names that no store takes at any depth', async (t) => {
  for (const name of ['', '.', 'a..b', '.a', 'a.', ' ', 'a. .b', '\t', '..']) {
    for (const text of [{ [name]: 1 }, { x: { [name]: 1 } }, { x: [1, { [name]: {} }] }])
      t.equal(again(JSON.stringify(text)), 'json_names', name)
  }
  for (const name of ['a b', ' a', 'a.b c. d', '_', '*']) t.equal(again(JSON.stringify({ [name]: 1 })), JSON.stringify({ [name]: 1 }))
})
