import t from 'tap'
import { comment, wrap } from '../../../src/planning/lb/comment.ts'

t.test('breaks between words, and leaves a long word whole', async (t) => {
  t.same(wrap('one two three', 7), ['one two', 'three'])
  t.same(wrap('a incomprehensibilities b', 5), ['a', 'incomprehensibilities', 'b'])
  t.same(wrap('', 5), [''])
})

t.test('every line is a comment, not wider than 120 columns', async (t) => {
  const text = comment(['word '.repeat(60).trim(), 'end'], '    ')
  const lines = text.split('\n')
  t.ok(lines.length > 2 && lines.every((line) => line.startsWith('    # ') && line.length <= 120))
  t.equal(lines.at(-1), '    # end')
  t.equal(comment('one'), '# one')
})
