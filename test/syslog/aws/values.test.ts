import t from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'
import { ip, jsonObject, maxJsonLevels } from '../../../src/syslog/aws/values.ts'

t.test('an address as a store reads it', async (t) => {
  for (const address of ['1.2.3.4', '0.0.0.0', '255.255.255.255', '10.20.30.40', '192.0.2.199', '2001:db8::1', '::ffff:192.0.2.1'])
    t.equal(ip(address), address)
  for (const text of [
    '01.2.3.4',
    '1.2.3.00',
    '1.2.3.010',
    '1.2.3.256',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    'fe80::1%eth0',
    '::ffff:01.2.3.4',
    '1::2::3',
    'a',
    '-',
    undefined,
  ])
    t.equal(ip(text), undefined, `${text}`)
})

t.test('JSON that is too deep to be written again is no record', async (t) => {
  const lists = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  t.same(Object.keys(jsonObject(`{"a":${lists(maxJsonLevels - 1)}}`) ?? {}), ['a'])
  t.equal(jsonObject(`{"a":${lists(maxJsonLevels)}}`), undefined)
  t.equal(jsonObject(`${'{"a":'.repeat(maxJsonLevels + 1)}1${'}'.repeat(maxJsonLevels + 1)}`), undefined)
  const deep = lists(8000)
  const texts = {
    'aws-cloudtrail': `{"eventName":"a","eventTime":"2026-11-22T08:00:00Z","requestParameters":${deep}}`,
    'aws-waf': `{"timestamp":1,"httpRequest":{"clientIp":"192.0.2.1"},"ruleGroupList":[${deep}]}`,
  }
  for (const [device, text] of Object.entries(texts)) {
    const made = awsFields(device, text)
    t.doesNotThrow(() => JSON.stringify(made), device)
    t.ok(awsFields(device, text.replace(deep, '[]')), 'it is a record otherwise')
  }
})
