import { test } from 'tap'
import { errorWords, readAnswerError, readClusterError, sharedWords } from '../../../src/sinks/elasticsearch/cluster-error.ts'

function shared(reason: string, cause?: string): string {
  return sharedWords({ type: 'a', reason, causedBy: cause === undefined ? undefined : { type: 'b', reason: cause } })
}

test('an error in the words of the cluster', async (t) => {
  const said = readClusterError({ type: 'a', reason: 'b', index: 'i', caused_by: { type: 'c', reason: 'd', caused_by: { type: 'e' } } })
  t.equal(said && errorWords(said), 'a: b (caused by c: d)')
  t.equal(errorWords({ type: '', reason: 'no handler found' }), 'no handler found')
  t.equal(errorWords({ type: 'a', reason: 'one\ntwo \u001b[31m' }), 'a: one\\x0atwo \\x1b[31m')
  t.equal(errorWords({ type: 'a', reason: 'x'.repeat(10_000) }).length, 400)
})

test('what is no error', async (t) => {
  for (const value of [undefined, null, 7, []]) t.equal(readClusterError(value), undefined)
  t.strictSame(readClusterError('text'), { type: '', reason: 'text' })
  t.strictSame(readClusterError({ type: 7, caused_by: 'x' }), { type: '', reason: '', causedBy: undefined })
  t.match(readAnswerError(Buffer.from('{"error":"no handler found for uri [/x]"}')), { reason: /^no handler/ })
  for (const body of ['', '<html>', '[]', '{"error":7}', '{}']) t.equal(readAnswerError(Buffer.from(body)), undefined, body)
})

test('documents that are wrong in the same way have one reason', async (t) => {
  const ways: [same: string, said: [reason: string, cause?: string][]][] = [
    [
      'a: failed to parse field [n] of type [long] (caused by b: For input string: …)',
      [
        [
          "failed to parse field [n] of type [long] in document with id 'MJ9c-01'. Preview of field's value: 'abc'",
          'For input string: "abc"',
        ],
        [
          "[1:426] failed to parse field [n] of type [long] in document with id 'x'. Preview of field's value: 'it's'",
          'For input string: "d"e"',
        ],
      ],
    ],
    [
      'a: failed to parse field [d] of type [date] (caused by b: failed to parse date field […] with format [strict_date_optional_time])',
      [
        [
          "failed to parse field [d] of type [date] in document with id 'a'. Preview of field's value: 'noon'",
          'failed to parse date field [noon] with format [strict_date_optional_time]',
        ],
        [
          "failed to parse field [d] of type [date] in document with id 'b'. Preview of field's value: '[x]\n'",
          'failed to parse date field [1] with format [strict_date_optional_time]',
        ],
      ],
    ],
    [
      "a: failed to parse field [ip] of type [ip] (caused by b: '…' is not an IP string literal.)",
      [
        [
          "failed to parse field [ip] of type [ip] in document with id 'a'. Preview of field's value: 'x'",
          "'x' is not an IP string literal.",
        ],
        [
          "failed to parse field [ip] of type [ip] in document with id 'b'. Preview of field's value: ''",
          "'fe80' is not an IP string literal.",
        ],
      ],
    ],
    [
      'a: failed to parse field [b] of type [boolean] (caused by b: Failed to parse value […] as only [true] or [false] are allowed.)',
      [
        [
          "failed to parse field [b] of type [boolean] in document with id 'a'. Preview of field's value: 'maybe'",
          'Failed to parse value [maybe] as only [true] or [false] are allowed.',
        ],
        [
          "failed to parse field [b] of type [boolean] in document with id 'b'. Preview of field's value: 'no'",
          'Failed to parse value [no] as only [true] or [false] are allowed.',
        ],
      ],
    ],
    [
      'a: Document contains at least one immense term in field="k" (whose UTF8 encoding is longer), all of which were skipped. (caused by b: bytes can be at most 32766 in length; got …)',
      [
        [
          'Document contains at least one immense term in field="k" (whose UTF8 encoding is longer), all of which were skipped. The prefix of the first immense term is: \'[120, 121]...\', got 40000',
          'bytes can be at most 32766 in length; got 40000',
        ],
        [
          'Document contains at least one immense term in field="k" (whose UTF8 encoding is longer), all of which were skipped. The prefix of the first immense term is: \'[1]...\', got 5',
          'bytes can be at most 32766 in length; got 33000',
        ],
      ],
    ],
    [
      'a: failed to parse (caused by b: Numeric value (…) out of range of long (-9223372036854775808 - 9223372036854775807))',
      [
        [
          'failed to parse',
          'Numeric value (1.2e+30) out of range of long (-9223372036854775808 - 9223372036854775807)\n at [Source: REDACTED (`X` disabled); line: 1, column: 13]',
        ],
        [
          '[2:7] failed to parse',
          'Numeric value (99) out of range of long (-9223372036854775808 - 9223372036854775807)\n at [Source: (byte[])"{"n":99}"; line: 1, column: 2]',
        ],
      ],
    ],
    [
      "a: failed to parse field [k] of type [keyword] (caused by b: Can't get text on a START_OBJECT)",
      [
        [
          "failed to parse field [k] of type [keyword] in document with id 'a'. Preview of field's value: '{a=1}'",
          "Can't get text on a START_OBJECT at 1:6",
        ],
        [
          "failed to parse field [k] of type [keyword] in document with id 'b'. Preview of field's value: '{b=1}'",
          "Can't get text on a START_OBJECT at 1:77",
        ],
      ],
    ],
  ]
  for (const [same, said] of ways) for (const [reason, cause] of said) t.equal(shared(reason, cause), same)
})

test('different fields are different reasons', async (t) => {
  t.not(
    shared('object mapping for [a] tried to parse field [a] as object'),
    shared('object mapping for [b] tried to parse field [b] as object'),
  )
  const tried = 'object mapping for [o] tried to parse field [o] as object, but found a concrete value'
  t.equal(shared(tried), `a: ${tried}`)
})

test('blanks of a value make no difference, and cost nothing', async (t) => {
  t.equal(shared(`failed to parse date field [a${' '.repeat(10)}b] with format [x]`), 'a: failed to parse date field […] with format [x]')
  t.equal(shared(`one${' '.repeat(4000)}two`), 'a: one two')
  t.equal(
    shared('Provided Grok expressions do not match field value: [ [x] y ]'),
    'a: Provided Grok expressions do not match field value: […]',
  )
})

test('a reason of any length is looked at in bounded time', async (t) => {
  t.ok(shared(`failed to parse date field [${'['.repeat(1_000_000)}`, `'${"' '".repeat(500_000)}`).length <= 400)
})
