import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const device = 'aws-cloudfront'
/** Of AWS's documentation. */
const line = [
  ...[
    '2019-12-04',
    '21:02:31',
    'LAX1',
    '392',
    '192.0.2.100',
    'GET',
    'd111111abcdef8.cloudfront.net',
    '/index.html',
    '200',
    'https://example.com/%3Fa',
  ],
  ...[
    'Mozilla/5.0%20(Windows%20NT%2010.0)',
    'a=b',
    '-',
    'Hit',
    'SOX4xwn4XV6Q==',
    'www.example.com',
    'https',
    '23',
    '0.001',
    '192.0.2.7,%20192.0.2.8',
    'TLSv1.2',
  ],
  ...['ECDHE-RSA-AES128-GCM-SHA256', 'Hit', 'HTTP/2.0', '-', '-', '11040', '0.001', 'Hit', 'text/html', '78', '-', '-'],
].join('\t')

test('a line of the standard logs', async (t) => {
  t.same(awsFields(device, line), {
    timestamp: '2019-12-04T21:02:31Z',
    fields: {
      event: { kind: 'event', category: ['web'], type: ['access'], id: 'SOX4xwn4XV6Q==', duration: 1_000_000, outcome: 'success' },
      source: { address: '192.0.2.100', ip: '192.0.2.100', port: 11040 },
      destination: { address: 'www.example.com', domain: 'www.example.com' },
      network: { protocol: 'https', forwarded_ip: '192.0.2.7' },
      http: {
        version: '2.0',
        request: { id: 'SOX4xwn4XV6Q==', method: 'GET', bytes: 23, referrer: 'https://example.com/?a' },
        response: { status_code: 200, bytes: 392, mime_type: 'text/html', body: { bytes: 78 } },
      },
      url: {
        scheme: 'https',
        domain: 'www.example.com',
        path: '/index.html',
        query: 'a=b',
        full: 'https://www.example.com/index.html?a=b',
      },
      user_agent: { original: 'Mozilla/5.0 (Windows NT 10.0)' },
      tls: { cipher: 'ECDHE-RSA-AES128-GCM-SHA256', version: '1.2', version_protocol: 'tls' },
      cloud: { provider: 'aws' },
      related: { ip: ['192.0.2.100'], hosts: ['d111111abcdef8.cloudfront.net', 'www.example.com'] },
      aws: {
        cloudfront: {
          domain: 'd111111abcdef8.cloudfront.net',
          edge_location: 'LAX1',
          edge_result_type: 'Hit',
          edge_response_result_type: 'Hit',
          edge_detailed_result_type: 'Hit',
          time_to_first_byte: 0.001,
        },
      },
    },
  })
})

test('other columns are read with the header line of their object', async (t) => {
  const record = awsFields(device, '21:02:31\t404\t2019-12-04\t2001:db8::1', 'time sc-status date c-ip')
  t.equal(record?.timestamp, '2019-12-04T21:02:31Z')
  t.match(record?.fields, { event: { outcome: 'failure' }, source: { ip: '2001:db8::1' }, http: { response: { status_code: 404 } } })
  t.match(awsFields(device, line), { timestamp: '2019-12-04T21:02:31Z' }, 'the next object has others')
})

test('JSON objects name their columns', async (t) => {
  t.match(awsFields(device, '{"date":"2019-12-04","time":"21:02:31","sc-status":"000","c-ip":"192.0.2.1"}'), {
    timestamp: '2019-12-04T21:02:31Z',
    fields: { event: { outcome: 'failure' }, source: { ip: '192.0.2.1' } },
  })
})

test('a user agent that is not URL-encoded stays as it is', async (t) => {
  t.match(awsFields(device, line.replace('Mozilla/5.0%20', '100%'))?.fields, { user_agent: { original: '100%(Windows%20NT%2010.0)' } })
})

test('what is no line', async (t) => {
  for (const text of [
    '',
    'text',
    '#Version: 1.0',
    '{}',
    '{"date":',
    line.slice(0, 60),
    line.replaceAll('\t', ' '),
    line.replace('21:02:31', '25:00:00'),
  ])
    t.equal(awsFields(device, text), undefined, text)
})
