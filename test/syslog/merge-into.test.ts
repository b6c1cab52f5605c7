import fc from 'fast-check'
import { test } from 'tap'
import { type Fields, isFields, mergeInto, mergeIntoOwn, nested } from '../../src/syslog/merge-into.ts'

test('what is not there is added, objects deeply, arrays joined', async (t) => {
  const document = { a: 1, o: { x: 1 }, tags: ['one'] }
  t.strictSame(mergeInto(document, { b: 2, o: { y: { z: 3 } }, tags: ['two'], a: 1 }), {})
  t.strictSame(document, { a: 1, o: { x: 1, y: { z: 3 } }, tags: ['one', 'two'], b: 2 })
})

test('what is there stays, and what would take its place comes back in the same shape', async (t) => {
  const document = { a: 1, o: { x: 1, n: null }, tags: ['one'] }
  t.strictSame(mergeInto(document, { a: 2, o: { x: { y: 1 }, z: 1, n: 7 }, tags: 'two' }), { a: 2, o: { x: { y: 1 }, n: 7 }, tags: 'two' })
  t.strictSame(document, { a: 1, o: { x: 1, n: null, z: 1 }, tags: ['one'] })
})

test('objects that documents share are not changed', async (t) => {
  const shared = { x: { y: 1 } }
  const document: Fields = { o: shared }
  mergeInto(document, { o: { x: { z: 2 }, w: 3 } })
  t.strictSame(shared, { x: { y: 1 } })
  t.strictSame(document, { o: { x: { y: 1, z: 2 }, w: 3 } })
})

test('objects of its own are changed in place', async (t) => {
  const own = { x: { y: 1 } }
  const document: Fields = { o: own }
  t.strictSame(mergeIntoOwn(document, { o: { x: { y: 2, z: 2 }, w: 3 } }), { o: { x: { y: 2 } } })
  t.equal(document.o, own)
  t.strictSame(own, { x: { y: 1, z: 2 }, w: 3 })
})

test('a field named __proto__ is a field', async (t) => {
  const document: Fields = {}
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"o":{"__proto__":{"polluted":1}}}') as Fields
  t.strictSame(mergeInto(document, hostile), {})
  t.equal(JSON.stringify(document), JSON.stringify(hostile))
  t.notOk('polluted' in document || 'polluted' in {})
  const left = mergeInto({ __proto__x: 1, ...nested('__proto__', 'mine') }, hostile)
  t.equal(JSON.stringify(left), '{"__proto__":{"polluted":1}}')
})

test('what every object inherits is no field', async (t) => {
  const document: Fields = {}
  t.strictSame(mergeInto(document, { constructor: 1, toString: { a: 1 }, hasOwnProperty: 'x' }), {})
  t.strictSame(Object.keys(document), ['constructor', 'toString', 'hasOwnProperty'])
})

test('nothing is lost: each value is in the document or comes back', async (t) => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constant(null), fc.array(fc.integer(), { maxLength: 2 }), tie('fields')),
    fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
  }))
  const fields = value.fields as fc.Arbitrary<Fields>
  fc.assert(
    fc.property(fields, fields, (document, added) => {
      const before = structuredClone(document)
      const left = mergeInto(document, added)
      for (const [path, leaf] of leaves(before)) t.ok(holds(document, path, leaf), 'it keeps its own')
      for (const [path, leaf] of leaves(added)) t.ok(holds(document, path, leaf) || holds(left, path, leaf), 'or it comes back')
    }),
  )
})

function* leaves(value: unknown, path: string[] = []): Generator<[string[], unknown]> {
  if (!isFields(value)) yield [path, value]
  else for (const [name, inner] of Object.entries(value)) yield* leaves(inner, [...path, name])
}

function holds(fields: unknown, path: string[], leaf: unknown): boolean {
  const found = path.reduce<unknown>((at, name) => (isFields(at) ? at[name] : undefined), fields)
  if (Array.isArray(leaf) && Array.isArray(found)) return leaf.every((item) => found.includes(item))
  return found === leaf
}

test('a dotted name is objects within each other', async (t) => {
  t.strictSame(nested('a', 1), { a: 1 })
  t.strictSame(nested('a.b.c', { d: 1 }), { a: { b: { c: { d: 1 } } } })
})
