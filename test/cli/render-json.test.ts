import t from 'tap'
import { renderJsonLine } from '../../src/cli/render-json.ts'

t.test('JSON that no terminal obeys, and that says the same', async (t) => {
  const value = { reason: 'a\u009b2J\u0080\u009f\u007f\u00a0ü\x1b', 'n\u0085': [1, null] }
  const line = renderJsonLine(value)
  t.equal(line, '{"reason":"a\\u009b2J\\u0080\\u009f\\u007f\u00a0ü\\u001b","n\\u0085":[1,null]}\n')
  t.same(JSON.parse(line), value)
})
