import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const device = 'aws-waf'
const entry = {
  timestamp: 1576280412771,
  formatVersion: 1,
  webaclId: 'arn:aws:wafv2:ap-southeast-2:111122223333:regional/webacl/STMTest/1EXAMPLE-2ARN-3ARN-4ARN-123456EXAMPLE',
  terminatingRuleId: 'STMTest_SQLi_XSS',
  terminatingRuleType: 'REGULAR',
  action: 'BLOCK',
  terminatingRuleMatchDetails: [{ conditionType: 'SQL_INJECTION', location: 'HEADER', matchedData: ['10', 'AND', '1'] }],
  httpSourceName: 'ALB',
  httpSourceId: 'app/my-lb/1',
  ruleGroupList: [],
  rateBasedRuleList: [],
  nonTerminatingMatchingRules: [],
  labels: [{ name: 'awswaf:clientip:geo:region:AU-NSW' }, {}],
  httpRequest: {
    clientIp: '192.0.2.1',
    country: 'AU',
    headers: [
      { name: 'Host', value: 'localhost:1989' },
      { name: 'user-agent', value: 'curl/7.61.1' },
      { name: '__proto__', value: 'x' },
      null,
      { name: 3 },
    ],
    uri: '/myUri',
    args: 'a=b',
    httpVersion: 'HTTP/1.1',
    httpMethod: 'GET',
    requestId: 'rid',
  },
  responseCodeSent: 403,
  ja3Fingerprint: 'e7d705a3',
}

test('an entry', async (t) => {
  t.same(awsFields(device, JSON.stringify(entry)), {
    timestamp: '2019-12-13T23:40:12.771Z',
    fields: {
      event: { kind: 'event', category: ['web', 'network'], type: ['access', 'denied'], action: 'BLOCK' },
      source: { address: '192.0.2.1', ip: '192.0.2.1', geo: { country_iso_code: 'AU' } },
      rule: { id: 'STMTest_SQLi_XSS', ruleset: 'REGULAR' },
      http: { version: '1.1', request: { id: 'rid', method: 'GET' }, response: { status_code: 403 } },
      url: { domain: 'localhost:1989', path: '/myUri', query: 'a=b' },
      user_agent: { original: 'curl/7.61.1' },
      network: { protocol: 'http', transport: 'tcp' },
      tls: { client: { ja3: 'e7d705a3' } },
      cloud: { provider: 'aws', region: 'ap-southeast-2', account: { id: '111122223333' }, service: { name: 'wafv2' } },
      related: { ip: ['192.0.2.1'] },
      aws: {
        waf: {
          arn: 'arn:aws:wafv2:ap-southeast-2:111122223333:regional/webacl/STMTest/1EXAMPLE-2ARN-3ARN-4ARN-123456EXAMPLE',
          id: 'regional/webacl/STMTest/1EXAMPLE-2ARN-3ARN-4ARN-123456EXAMPLE',
          format_version: '1',
          source: { id: 'app/my-lb/1', name: 'ALB' },
          labels: ['awswaf:clientip:geo:region:AU-NSW'],
          terminating_rule_match_details: [{ conditionType: 'SQL_INJECTION', location: 'HEADER', matchedData: ['10', 'AND', '1'] }],
        },
      },
    },
  })
})

test('members of another type than usual are left out', async (t) => {
  const record = awsFields(
    device,
    JSON.stringify({ timestamp: 'now', webaclId: 5, httpRequest: { clientIp: 'x', headers: 'none', httpVersion: 1 }, labels: {} }),
  )
  t.same(record, {
    fields: {
      event: { kind: 'event', category: ['web', 'network'], type: ['access'] },
      source: { address: 'x' },
      cloud: { provider: 'aws' },
    },
  })
  t.equal(awsFields(device, JSON.stringify({ ...entry, timestamp: 1e300 }))?.timestamp, undefined)
})

test('what is no entry', async (t) => {
  for (const text of ['', 'text', '{}', '{"httpRequest":[]}', 'null', JSON.stringify(entry).slice(0, 100)])
    t.equal(awsFields(device, text), undefined, text)
})
