import fc from 'fast-check'
import t from 'tap'
import { groupIdOf, LetterGroups, patternOf, selects } from '../../src/batch/letter-groups.ts'

t.test('what differs from message to message is taken out of a reason', async (t) => {
  const patterns = [
    ['70001 bytes do not fit a datagram to udp://127.0.0.1:514 (65507)', '# bytes do not fit a datagram to … (#)'],
    [
      "document_parsing_exception: [1:21] failed to parse field [status] of type [long] in document with id '3f2c-99'. Preview of field's value: 'not it's number'",
      "document_parsing_exception: [#] failed to parse field [status] of type [long] in document with id …. Preview of field's value: …",
    ],
    ['s3://logs/2026/11/a.gz: not a "gzip"', '… not a …'],
    ['at 2026-11-03T10:00:00.123Z from 2001:db8::7, 192.0.2.1', 'at # from #, #'],
    ['index .ds-logs-000012 of f81d4fae-7dec-11d0-a765-00a0c91e6bf6 deadbeefdeadbeefdead', 'index .# of # #'],
    ['an unclosed "quote', 'an unclosed …'],
    ['two\n\tlines ', 'two lines'],
    ['', ''],
  ] as const
  for (const [reason, pattern] of patterns) t.equal(patternOf(reason), pattern)
})

t.test('the id of a group is the same for the same reason, and another for another code or reason', async (t) => {
  const id = groupIdOf('MESSAGE_TOO_LARGE', '70001 bytes do not fit')
  t.match(id, /^[0-9a-f]{8}$/)
  t.equal(id, groupIdOf('MESSAGE_TOO_LARGE', '8 bytes do not fit'))
  t.not(id, groupIdOf('DOCUMENT_REFUSED', '8 bytes do not fit'))
  t.not(id, groupIdOf('MESSAGE_TOO_LARGE', '8 bytes fit'))
})

t.test('whatever numbers a reason holds, they make no difference; any text has a short pattern', async () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.ipV4(), fc.uuid(), (a, b, ip, uuid) => {
      return patternOf(`refused ${a} bytes of ${uuid} from ${ip}`) === patternOf(`refused ${b} bytes of ${a} from ${b}`)
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => patternOf(text).length <= 301))
})

t.test('a long reason takes no long time', async (t) => {
  for (const part of ["'a", '"', '1.', 'a-', '://', "'"]) t.ok(patternOf(part.repeat(100_000)).length <= 300)
})

t.test('groups are counted, the largest first, with their first and last time', async (t) => {
  const groups = new LetterGroups()
  const letter = (reason: string, rejectedAtMs: number) => ({ code: 'MESSAGE_TOO_LARGE' as const, reason, rejectedAtMs })
  groups.add(letter('no 1', 50))
  groups.add(letter('too large: 7 bytes', 20))
  groups.add(letter('too large: 9 bytes', 10))
  t.equal(groups.messages, 3)
  t.match(groups.list(), [
    { reason: 'too large: # bytes', messages: 2, oldestAtMs: 10, newestAtMs: 20, code: 'MESSAGE_TOO_LARGE' },
    { reason: 'no #', messages: 1, oldestAtMs: 50, newestAtMs: 50 },
  ])
  for (let i = 0; i < 5000; i++) groups.add(letter(`${'x'.repeat(i % 299)}y`, 0))
  for (let i = 0; i < 5000; i++) groups.add(letter(String.fromCodePoint(0x4e00 + i), 0))
  t.equal(groups.list().length, 1000, 'bounded')
  t.equal(groups.messages, 10_003)
})

t.test('a selection', async (t) => {
  const letter = { seq: 7, code: 'INTERNAL', reason: 'why 1' } as const
  const group = groupIdOf('INTERNAL', 'why 2')
  t.ok(selects({}, letter))
  t.ok(selects({ group }, letter))
  t.ok(selects({ group, seq: 7 }, letter))
  t.notOk(selects({ seq: 8 }, letter))
  t.notOk(selects({ group: '00000000' }, letter))
})
