import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const event = {
  eventVersion: '1.08',
  userIdentity: {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLE:session',
    arn: 'arn:aws:sts::123456789012:assumed-role/admin/session',
    accountId: '123456789012',
    accessKeyId: 'ASIAEXAMPLE',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: 'arn:aws:iam::123456789012:role/admin',
        accountId: '123456789012',
        userName: 'admin',
      },
      attributes: { creationDate: '2026-07-01T09:00:00Z', mfaAuthenticated: 'false' },
    },
  },
  eventTime: '2026-07-01T10:11:12Z',
  eventSource: 'iam.amazonaws.com',
  eventName: 'CreateUser',
  awsRegion: 'us-east-1',
  sourceIPAddress: '192.0.2.10',
  userAgent: 'aws-cli/2.0',
  requestParameters: { userName: 'jane', tags: [{ key: 'a', value: 1 }] },
  responseElements: null,
  requestID: 'r-1',
  eventID: 'e-1',
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '123456789012',
  resources: [{ ARN: 'arn:aws:iam::123456789012:user/jane', accountId: '123456789012', type: 'AWS::IAM::User' }, null],
  eventCategory: 'Management',
  tlsDetails: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', clientProvidedHostHeader: 'iam.amazonaws.com' },
}

test('an event', async (t) => {
  t.same(awsFields('aws-cloudtrail', JSON.stringify(event)), {
    timestamp: '2026-07-01T10:11:12Z',
    fields: {
      event: {
        kind: 'event',
        category: ['iam'],
        type: ['info'],
        id: 'e-1',
        provider: 'iam.amazonaws.com',
        action: 'CreateUser',
        outcome: 'success',
      },
      source: { address: '192.0.2.10', ip: '192.0.2.10' },
      user: { id: 'AROAEXAMPLE:session', name: 'admin' },
      user_agent: { original: 'aws-cli/2.0' },
      cloud: { provider: 'aws', region: 'us-east-1', account: { id: '123456789012' } },
      tls: { version: '1.3', version_protocol: 'tls', cipher: 'TLS_AES_128_GCM_SHA256', client: { server_name: 'iam.amazonaws.com' } },
      related: { ip: ['192.0.2.10'], user: ['admin'] },
      aws: {
        cloudtrail: {
          event_version: '1.08',
          event_type: 'AwsApiCall',
          event_category: 'Management',
          management_event: true,
          read_only: false,
          recipient_account_id: '123456789012',
          request_id: 'r-1',
          request_parameters: '{"userName":"jane","tags":[{"key":"a","value":1}]}',
          resources: [{ arn: 'arn:aws:iam::123456789012:user/jane', account_id: '123456789012', type: 'AWS::IAM::User' }],
          user_identity: {
            type: 'AssumedRole',
            arn: 'arn:aws:sts::123456789012:assumed-role/admin/session',
            access_key_id: 'ASIAEXAMPLE',
            session_context: {
              mfa_authenticated: 'false',
              creation_date: '2026-07-01T09:00:00Z',
              session_issuer: {
                type: 'Role',
                principal_id: 'AROAEXAMPLE',
                arn: 'arn:aws:iam::123456789012:role/admin',
                account_id: '123456789012',
              },
            },
          },
        },
      },
    },
  })
})

function fields(changes: object): Record<string, unknown> | undefined {
  return awsFields('aws-cloudtrail', JSON.stringify({ ...event, ...changes }))?.fields
}

test('a service as the source is no address', async (t) => {
  t.same(fields({ sourceIPAddress: 'cloudtrail.amazonaws.com' })?.source, { address: 'cloudtrail.amazonaws.com' })
  t.same(fields({ sourceIPAddress: '2001:db8::1' })?.source, { address: '2001:db8::1', ip: '2001:db8::1' })
})

test('what failed', async (t) => {
  t.match(fields({ errorCode: 'AccessDenied', errorMessage: 'no' }), {
    event: { outcome: 'failure' },
    aws: { cloudtrail: { error_code: 'AccessDenied', error_message: 'no' } },
  })
  t.match(fields({ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Failure' } }), {
    event: { outcome: 'failure' },
    aws: { cloudtrail: { response_elements: '{"ConsoleLogin":"Failure"}' } },
  })
})

test('members of another type than usual are left out', async (t) => {
  const odd = {
    eventTime: 5,
    userIdentity: [],
    sourceIPAddress: {},
    resources: 'x',
    readOnly: 'true',
    tlsDetails: null,
    userAgent: 7,
    awsRegion: null,
  }
  const record = awsFields('aws-cloudtrail', JSON.stringify({ ...event, ...odd }))
  t.equal(record?.timestamp, undefined)
  t.match(record?.fields, { cloud: { region: undefined, account: { id: '123456789012' } }, aws: { cloudtrail: { read_only: true } } })
  t.notHas(record?.fields, { source: {} })
  t.notHas(record?.fields, { user_agent: {} })
})

test('what is no event', async (t) => {
  for (const text of ['', 'text', '{', '{}', '[]', 'null', '{"a":1}', JSON.stringify(event).slice(0, 300)])
    t.equal(awsFields('aws-cloudtrail', text), undefined, text)
})
