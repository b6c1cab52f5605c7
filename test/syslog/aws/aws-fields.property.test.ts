import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { deviceTypes } from '../../../src/config/device-types.ts'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const devices = deviceTypes.map(({ name }) => name).filter((name) => name.startsWith('aws-'))
/** Records that are well formed as far as the readers look, so that what follows is read too. */
const samples: Readonly<Record<string, readonly string[]>> = {
  'aws-vpc-flow': ['2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 1418530010 1418530070 ACCEPT OK'],
  'aws-elb': [
    'https 2018-07-02T22:23:00.186641Z app/a 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 201 0 57 "GET https://a:443/b?c HTTP/1.1" "curl" c TLSv1.2 - "-" "-"',
  ],
  'aws-cloudfront': [`2019-12-04\t21:02:31\t${Array.from({ length: 31 }, (_, n) => `%${n}`).join('\t')}`],
  'aws-s3-access': [
    'o b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 o 3E REST.GET.OBJECT k "GET /b HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - h= SigV4',
  ],
  'aws-cloudtrail': ['{"eventName":"a","eventTime":"2026-07-01T10:11:12Z","userIdentity":{"sessionContext":{"attributes":{}}}}'],
  'aws-waf': ['{"timestamp":1576280412771,"httpRequest":{"clientIp":"192.0.2.1","headers":[{"name":"a","value":"b"}]}}'],
}
const names = [
  'eventName',
  'eventTime',
  'userIdentity',
  'sourceIPAddress',
  'resources',
  'tlsDetails',
  'httpRequest',
  'headers',
  'timestamp',
  'labels',
  'date',
  'time',
]
const json = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 })).map((value) => JSON.stringify(value))
/** A sample with some of its characters replaced. */
const bent = fc
  .tuple(fc.constantFrom(...Object.values(samples).flat()), fc.nat(), fc.nat(20), fc.string({ maxLength: 8 }))
  .map(([text, at, length, by]) => {
    const from = at % text.length
    return text.slice(0, from) + by + text.slice(from + length)
  })
const header = fc.option(fc.oneof(fc.constantFrom('srcaddr dstaddr', 'date time c-ip', 'constructor __proto__ end'), fc.string()), {
  nil: undefined,
})

test('each device type of AWS has a reader', async (t) => {
  for (const device of devices) t.type(awsFields(device, samples[device]?.[0] ?? '')?.timestamp, 'string', device)
  t.equal(awsFields('text', samples['aws-waf']?.[0] as string), undefined)
})

test('never throws, and gives nothing that is undefined, empty or -', async (t) => {
  const property = fc.property(
    fc.constantFrom(...devices),
    fc.oneof(bent, json, fc.string(), fc.string({ unit: 'binary' })),
    header,
    (device, text, names) => {
      const record = awsFields(device, text, names)
      if (record !== undefined) check(record)
      assert.equal(Object.prototype.toString.call({}), '[object Object]')
    },
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 5000 }))
})

function check(fields: object): void {
  for (const [name, value] of Object.entries(fields)) {
    assert.notEqual(value, undefined, name)
    assert.notEqual(value, '', name)
    if (!Array.isArray(value) && typeof value === 'object' && value !== null) {
      assert.notEqual(Object.keys(value).length, 0, name)
      check(value)
    }
  }
}
