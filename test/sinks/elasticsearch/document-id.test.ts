import { test } from 'tap'
import { documentIds } from '../../../src/sinks/elasticsearch/document-id.ts'

const queue = '1b4e28ba-2fa1-11d2-883f-0016d3cca427'

test('a message has one id for ever, and no other message has it', async (t) => {
  const id = documentIds()
  t.equal(id(queue, 0), 'G04oui-hEdKIPwAW08ykJw-00000000000')
  t.equal(id(queue, 36), 'G04oui-hEdKIPwAW08ykJw-00000000010')
  const other = id('1b4e28ba-2fa1-11d2-883f-0016d3cca428', 0)
  t.not(other, id(queue, 0))
  t.equal(documentIds()(queue, 0), id(queue, 0))
})

test('ids are short, need no escape, and ascend with their messages', async (t) => {
  const id = documentIds()
  const ids = [0, 1, 35, 36, 1_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER].map((seq) => id(queue, seq))
  t.strictSame(ids.toSorted(), ids)
  for (const one of [...ids, id('any other name', 7), id('', 7)]) t.match(one, /^[\w-]{34}$/)
  t.not(id('a', 7), id('b', 7))
})
