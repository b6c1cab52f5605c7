import { test } from 'tap'
import { escapeValue, findElement, readStructuredData } from '../../src/syslog/structured-data.ts'

test('elements, parameters, escapes', async (t) => {
  const text = '[a@1 x="1" y="\\"\\\\\\]"][b]'
  t.strictSame(readStructuredData(`${text} text`, 0), { data: { 'a@1': { x: '1', y: '"\\]' }, b: {} }, end: text.length, valid: true })
})

test('a backslash before anything else is a plain one', async (t) => {
  t.strictSame(readStructuredData('[a x="C:\\temp\\n"]', 0)?.data, { a: { x: 'C:\\temp\\n' } })
})

test('repeated parameters are joined: the RFC allows them', async (t) => {
  const read = readStructuredData('[origin ip="10.0.0.1" ip="10.0.0.2"]', 0)
  t.strictSame(read?.data, { origin: { ip: '10.0.0.1, 10.0.0.2' } })
  t.equal(read?.valid, true)
})

test('read, yet not valid', async (t) => {
  t.strictSame(
    readStructuredData('[a x="1"][a y="2"]', 0),
    { data: { a: { x: '1', y: '2' } }, end: 18, valid: false },
    'an SD-ID used twice',
  )
  t.strictSame(readStructuredData('[a x="[1]"]', 0), { data: { a: { x: '[1]' } }, end: 11, valid: false }, 'a bracket not escaped')
  t.strictSame(readStructuredData('[a x="1" ]', 0), { data: { a: { x: '1' } }, end: 10, valid: false }, 'a space at the end')
  t.equal(readStructuredData(`[${'n'.repeat(33)}]`, 0)?.valid, false, 'a name of 33')
  t.equal(readStructuredData(`[${'n'.repeat(32)} ${'p'.repeat(32)}="x\\]"]`, 0)?.valid, true, 'names of 32')
})

test('not structured data at all', async (t) => {
  const texts = [
    '[',
    '[]',
    '[a',
    '[a ',
    '[a x',
    '[a x=',
    '[a x="',
    '[a x="1',
    '[a x="1\\"]',
    '[a x=1]',
    '[a:"1"; b:"2"]',
    '[a x="1"y="2"]',
    '[ a]',
  ]
  for (const text of [...texts, '[a x="1"][', '[\u00e4]']) t.equal(readStructuredData(text, 0), undefined, text)
})

test('names that objects have of their own', async (t) => {
  const data = readStructuredData('[__proto__ x="1"][constructor __proto__="2" toString="3"]', 0)?.data
  t.equal(JSON.stringify(data), '{"__proto__":{"x":"1"},"constructor":{"__proto__":"2","toString":"3"}}')
  t.equal(Object.getPrototypeOf(data), Object.prototype)
})

test('finding an element', async (t) => {
  const text = '[originx a="[origin"][origin ip="1" x="\\"]"][z]'
  const found = findElement(text, 'origin')
  t.equal(text.slice(found?.start, found?.end), '[origin ip="1" x="\\"]"')
  t.equal(findElement(text, 'x'), undefined)
  t.equal(findElement('', 'x'), undefined)
})

test('escaping', async (t) => {
  t.equal(escapeValue('a"b\\c]d['), 'a\\"b\\\\c\\]d[')
})
