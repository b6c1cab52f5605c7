import fc from 'fast-check'
import t from 'tap'
import { bold, escapeRoff, italic, item, sentence } from '../../../packaging/metadata/roff.ts'
import { plainText } from './plain-roff.ts'

t.test('every character stands for itself, wherever it comes', async (t) => {
  const lines = [
    '.TH is no request',
    "'nor is this",
    'a\\fBb\\e\\n(.x',
    '--dry-run `x` ~/.cache ^ "quoted" %s',
    '“naïve” × 3 → 😀',
    '...',
    '-',
  ]
  for (const line of lines) t.equal(plainText(escapeRoff(line)), line)
})

t.test('a text is one line, and of printable ASCII', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      return /^[ -~]*$/.test(escapeRoff(text)) && !/^[.']/.test(escapeRoff(text))
    }),
  )
})

t.test('sentences', async (t) => {
  t.equal(sentence('as `deadletter ls` shows it'), 'as \\fBdeadletter ls\\fR shows it.')
  t.equal(sentence('Why?'), 'Why?')
  t.equal(bold('-h') + italic('x'), '\\fB\\-h\\fR\\fIx\\fR')
  t.same(item('tag', 'text.'), ['.TP', 'tag', 'text.'])
})
