import fc from 'fast-check'
import t from 'tap'
import { readYaml } from '../../src/config/yaml-document.ts'

t.test('values, and where they stand', async (t) => {
  const { value, errors, position } = readYaml('a: 1\nb:\n  c: [x, y]\n  d:\n    e: 5\n')
  t.same(errors, [])
  t.same(value, { a: 1, b: { c: ['x', 'y'], d: { e: 5 } } })
  t.same(position(['a'], 'key'), { line: 1, column: 1 })
  t.same(position(['a'], 'value'), { line: 1, column: 4 })
  t.same(position(['b', 'c', 1], 'value'), { line: 3, column: 10 })
  t.same(position(['b', 'd'], 'value'), { line: 4, column: 3 }, 'a section by its key')
  t.same(position(['b', 'd', 'e'], 'value'), { line: 5, column: 8 })
  t.same(position(['b', 'd', 'gone', 'x'], 'value'), { line: 4, column: 3 }, 'what is not there by what is above it')
  t.same(position([], 'value'), { line: 1, column: 1 })
})

t.test('aliases and merge keys lead to what they stand for', async (t) => {
  const { value, position } = readYaml('a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 2\n')
  t.same(value, { a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } })
  t.same(position(['c', 'b'], 'value'), { line: 2, column: 6 })
  t.same(position(['d', 'b'], 'value'), { line: 4, column: 1 })
})

t.test('mistakes of YAML itself', async (t) => {
  const cases: [text: string, line: number, column: number, message: RegExp][] = [
    ['a: 1\nb: 2\na: 3\n', 3, 1, /stands twice/],
    ['a:\n\tb: 1\n', 2, 1, /tab/],
    ['a: 1\n---\nb: 2\n', 2, 1, /second YAML document/],
    ['a: @x\n', 1, 4, /reserved character/],
    ['a: b: c\n', 1, 4, /nested mappings/],
    ['a: "x\n', 2, 1, /quote/],
    ['a: 1\nb: *nowhere\n', 2, 4, /no anchor/],
    ['a: !!js/function x\n', 1, 4, /tag/],
  ]
  for (const [text, line, column, message] of cases) {
    const { value, errors } = readYaml(text)
    t.equal(value, undefined, JSON.stringify(text))
    t.match(errors[0], { line, column, message }, JSON.stringify(text))
  }
})

t.test('no message quotes what may be a password', async (t) => {
  for (const written of ['*s3cret', '!s3cret x', '|s3cret', '"\\Us3cretxx"', '!!s3cret x', ']s3cret', '"x" s3cret']) {
    const { errors } = readYaml(`password: ${written}\n`)
    t.ok(errors.length > 0, written)
    t.notMatch(JSON.stringify(errors), 's3cret', written)
  }
  t.match(readYaml('%s3cret x\n---\na: 1\n').errors, [{ line: 1, message: 'this directive is not known' }])
})

t.test('a megabyte that wants to become gigabytes', async (t) => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`)
  const { errors } = readYaml(`a0: &a0 [lol]\n${levels.join('\n')}\n`)
  t.match(errors[0]?.message, /more than 100 aliases/)
})

t.test('nesting without end', async (t) => {
  const { value, errors } = readYaml('['.repeat(50_000))
  t.equal(value, undefined)
  t.same(errors[0]?.message, 'sections or lists are nested too deeply')
  t.equal(errors.length, 1)
})

t.test('a key that is a section has no name, and may make no sense', async (t) => {
  const { errors, position } = readYaml('{{<<')
  t.ok(errors.length > 0)
  t.same(position(['a'], 'key'), { line: 1, column: 1 })
})

t.test('never throws, whatever the text', async (t) => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '"',
    "'",
    '|',
    '<<',
    '\t',
    '#',
    '!',
    '---\n',
    '? ',
  )
  const property = fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const { errors, position } = readYaml(pieces.join(''))
    const { line, column } = position(['a', 0, 'a'], 'value')
    return Array.isArray(errors) && line >= 1 && column >= 1
  })
  t.doesNotThrow(() => fc.assert(property))
})
