import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const device = 'aws-s3-access'
const owner = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be'
/** Of AWS's documentation. */
const record =
  `${owner} bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ${owner} 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /bucket1?versioning HTTP/1.1" 200 - 113 - 7 - ` +
  '"-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket1.s3.us-west-1.amazonaws.com TLSV1.2 arn:aws:s3:us-west-1:1:accesspoint/a Yes us-east-1'

test('a record', async (t) => {
  t.same(awsFields(device, record), {
    timestamp: '2019-02-06T00:00:38Z',
    fields: {
      event: {
        kind: 'event',
        category: ['web'],
        type: ['access'],
        id: '3E57427F3EXAMPLE',
        action: 'REST.GET.VERSIONING',
        outcome: 'success',
        duration: 7_000_000,
      },
      source: { address: '192.0.2.3', ip: '192.0.2.3' },
      client: { address: '192.0.2.3', ip: '192.0.2.3', user: { id: owner } },
      http: { version: '1.1', request: { method: 'GET' }, response: { status_code: 200, body: { bytes: 113 } } },
      url: { original: '/bucket1?versioning', path: '/bucket1', query: 'versioning' },
      user_agent: { original: 'S3Console/0.4' },
      tls: { cipher: 'ECDHE-RSA-AES128-GCM-SHA256', version: '1.2', version_protocol: 'tls' },
      cloud: { provider: 'aws', region: 'us-west-1' },
      related: { ip: ['192.0.2.3'], user: [owner] },
      aws: {
        s3access: {
          bucket_owner: owner,
          bucket: 'bucket1',
          remote_ip: '192.0.2.3',
          requester: owner,
          request_id: '3E57427F3EXAMPLE',
          operation: 'REST.GET.VERSIONING',
          request_uri: 'GET /bucket1?versioning HTTP/1.1',
          http_status: 200,
          bytes_sent: 113,
          total_time: 7,
          user_agent: 'S3Console/0.4',
          host_id: 's9lzHYrFp76ZVxRcpX9=',
          signature_version: 'SigV4',
          cipher_suite: 'ECDHE-RSA-AES128-GCM-SHA256',
          authentication_type: 'AuthHeader',
          host_header: 'bucket1.s3.us-west-1.amazonaws.com',
          tls_version: 'TLSV1.2',
          access_point_arn: 'arn:aws:s3:us-west-1:1:accesspoint/a',
          aclrequired: 'Yes',
          source_region: 'us-east-1',
        },
      },
    },
  })
})

test('errors, offsets, and records of earlier years', async (t) => {
  t.match(awsFields(device, record.replace('200 -', '404 NoSuchKey')), { fields: { event: { outcome: 'failure', code: 'NoSuchKey' } } })
  t.equal(awsFields(device, record.replace('+0000', '-0530'))?.timestamp, '2019-02-06T00:00:38-05:30')
  const [early] = record.split(' s9lz')
  t.match(awsFields(device, early as string), {
    timestamp: '2019-02-06T00:00:38Z',
    fields: { user_agent: { original: 'S3Console/0.4' }, tls: undefined },
  })
})

test('quotes in what clients send', async (t) => {
  t.match(awsFields(device, record.replace('S3Console/0.4', 'a"b'))?.fields, { user_agent: { original: 'a"b' }, tls: { version: '1.2' } })
})

test('what is no record', async (t) => {
  for (const text of [
    '',
    'text',
    record.slice(0, 150),
    record.replace('Feb', 'Foo'),
    record.replace('06/Feb', '31/Feb'),
    record.replace('[', ''),
  ])
    t.equal(awsFields(device, text), undefined, text)
})
