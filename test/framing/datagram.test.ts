import { test } from 'tap'
import { MessageFlag } from '../../src/core/batch.ts'
import { newFramingCounts } from '../../src/framing/counts.ts'
import { frameDatagram, frameText } from '../../src/framing/datagram.ts'
import { roomy, writer, written } from './frame.ts'

function datagrams(texts: readonly string[], limits = roomy) {
  const counts = newFramingCounts()
  const out = writer()
  for (const text of texts) frameDatagram(Buffer.from(text, 'latin1'), limits, counts, out)
  return { messages: written(out), counts }
}

test('a datagram is a message, without the terminators at its end', async (t) => {
  const { messages, counts } = datagrams(['<13>a', '<13>b\n', '<13>c\r\n', '<13>d\n\0', '5 <13>e', '\n<13>f\ng\0h'])
  t.strictSame(
    messages.map((message) => message.text),
    ['<13>a', '<13>b', '<13>c', '<13>d', '5 <13>e', '\n<13>f\ng\0h'],
  )
  t.strictSame(counts, newFramingCounts())
})

test('empty datagrams are counted', async (t) => {
  t.strictSame(datagrams(['', '\n', '\r\n\0']), { messages: [], counts: { ...newFramingCounts(), empty: 3 } })
})

test('long datagrams are cut or refused', async (t) => {
  const texts = ['01234567\n', '012345678']
  const cut = datagrams(texts, { maxMessageBytes: 8, whenTooLong: 'truncate' })
  t.strictSame(cut.messages, [
    { text: '01234567', flags: 0 },
    { text: '01234567', flags: MessageFlag.truncated },
  ])
  t.equal(cut.counts.truncated, 1)
  const refused = datagrams(texts, { maxMessageBytes: 8, whenTooLong: 'reject' })
  t.strictSame(refused.messages, [{ text: '01234567', flags: 0 }])
  t.equal(refused.counts.tooLong, 1)
})

test('a text that lies in the batch already follows the same rules', async (t) => {
  const datagrams = ['01234567', '012345678', '', '0']
  for (const whenTooLong of ['truncate', 'reject'] as const) {
    const limits = { maxMessageBytes: 8, whenTooLong }
    const counts = newFramingCounts()
    const out = writer()
    for (const text of datagrams) {
      const start = out.put(Buffer.from(text), 0, text.length)
      frameText(start, start + text.length, limits, counts, out)
    }
    const alone = written(out)
    const other = newFramingCounts()
    const one = writer()
    for (const text of datagrams) frameDatagram(Buffer.from(text), limits, other, one)
    t.strictSame(alone, written(one))
    t.strictSame(counts, other)
    t.equal(alone.length, whenTooLong === 'reject' ? 2 : 3)
  }
})
