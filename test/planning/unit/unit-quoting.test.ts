import fc from 'fast-check'
import t from 'tap'
import { quotedPath } from '../../../src/planning/unit/unit-quoting.ts'

t.test('plain paths stay as they are', async (t) => {
  t.equal(quotedPath('/var/log/relay-1.d/a_b'), '/var/log/relay-1.d/a_b')
  t.equal(quotedPath('/srv/ä', '-'), '"-/srv/ä"')
  t.equal(quotedPath('/a b', '-'), '"-/a b"')
  t.equal(quotedPath('/100%'), '/100%%')
  t.equal(quotedPath('/a"b\\c'), '"/a\\"b\\\\c"')
})

t.test('what no line can carry', async (t) => {
  for (const path of ['/a\nExecStart=/bin/sh', '/a\tb', '/a\u0000', '/a\u007f']) t.equal(quotedPath(path), undefined)
})

/** As systemd takes a list apart: extract_first_word with EXTRACT_UNQUOTE, then specifiers. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [, quoted, bare] of line.matchAll(/"((?:\\.|[^"\\])*)"|([^\s"'\\]+)/gu)) {
    words.push((quoted?.replace(/\\(.)/gu, '$1') ?? bare ?? '').replaceAll('%%', '%'))
  }
  return words
}

t.test('systemd reads the same paths again', async (t) => {
  const path = fc.string({
    unit: fc.oneof(fc.constantFrom(' ', '"', "'", '\\', '%', '$', ';', '#', '-', '/', 'ü'), fc.string({ minLength: 1, maxLength: 1 })),
  })
  fc.assert(
    fc.property(fc.array(path), (paths) => {
      const named = paths.map((one) => `/${one}`).filter((one) => quotedPath(one) !== undefined)
      t.same(
        wordsOf(named.map((one) => quotedPath(one, '-')).join(' ')),
        named.map((one) => `-${one}`),
      )
    }),
  )
})
