import t from 'tap'
import { logLines, messageBytes, recordBytes } from '../../../src/app/bench-self/log-lines.ts'

t.test('lines of one length, all different', async (t) => {
  const bytes = logLines(1000, 1)
  t.equal(bytes.length, 1000 * recordBytes)
  const lines = bytes.toString('latin1').split('\n')
  t.equal(lines.pop(), '', 'a line feed ends the last one too')
  t.ok(lines.every((line) => line.length === messageBytes && /^<\d+>/.test(line)))
  t.equal(new Set(lines).size, 1000)
  t.equal(logLines(1000, 1).compare(bytes), 0, 'the same each time')
  t.not(logLines(1000, 2).compare(bytes), 0)
})
