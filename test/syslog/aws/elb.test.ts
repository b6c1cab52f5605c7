import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const device = 'aws-elb'
/** Of AWS's documentation, as are the others. */
const https =
  'https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 201 0 57 ' +
  '"GET https://www.example.com:443/a/b?c=d&e HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 ' +
  'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" ' +
  '"www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" ' +
  '"10.0.0.1:80 10.0.0.2:80" "200" "-" "-" TID_1234'
const tls =
  'tls 2.0 2018-12-20T02:59:40 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 ' +
  '- arn:aws:acm:us-east-2:671290407336:certificate/2a108f19 - ECDHE-RSA-AES128-SHA tlsv12 - my-nlb.elb.us-east-2.amazonaws.com h2 h2 "h2","http/1.1" 2020-04-01T08:51:20'
const classic =
  '2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -'

test('an Application Load Balancer', async (t) => {
  t.same(awsFields(device, https), {
    timestamp: '2018-07-02T22:23:00.186641Z',
    fields: {
      event: {
        kind: 'event',
        category: ['web'],
        type: ['access'],
        start: '2018-07-02T22:22:48.364000Z',
        end: '2018-07-02T22:23:00.186641Z',
        outcome: 'success',
      },
      source: { address: '192.168.131.39', ip: '192.168.131.39', port: 2817 },
      destination: { domain: 'www.example.com' },
      http: { version: '1.1', request: { method: 'GET', body: { bytes: 0 } }, response: { status_code: 200, body: { bytes: 57 } } },
      url: {
        original: 'https://www.example.com:443/a/b?c=d&e',
        scheme: 'https',
        domain: 'www.example.com',
        port: 443,
        path: '/a/b',
        query: 'c=d&e',
      },
      user_agent: { original: 'curl/7.46.0' },
      tls: { cipher: 'ECDHE-RSA-AES128-GCM-SHA256', version: '1.2', version_protocol: 'tls' },
      trace: { id: 'Root=1-58337281-1d84f3d73c47ec4e58577259' },
      cloud: { provider: 'aws' },
      related: { ip: ['192.168.131.39'] },
      aws: {
        elb: {
          name: 'app/my-loadbalancer/50dc6c495c0c9188',
          type: 'https',
          protocol: 'http',
          backend: { ip: '10.0.0.1', port: '80', http: { response: { status_code: 201 } } },
          request_processing_time: { sec: 0.086 },
          backend_processing_time: { sec: 0.048 },
          response_processing_time: { sec: 0.037 },
          ssl_cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
          ssl_protocol: 'TLSv1.2',
          target_group: { arn: 'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067' },
          trace_id: 'Root=1-58337281-1d84f3d73c47ec4e58577259',
          chosen_cert: { arn: 'arn:aws:acm:us-east-2:123456789012:certificate/12345678' },
          matched_rule_priority: '1',
          action_executed: ['authenticate', 'forward'],
          target_port: ['10.0.0.1:80', '10.0.0.2:80'],
          target_status_code: ['200'],
          connection_trace_id: 'TID_1234',
        },
      },
    },
  })
})

test('requests that no target answered', async (t) => {
  const failed = https.replace('10.0.0.1:80 0.086 0.048 0.037 200 201', '- -1 -1 -1 502 -').replace('" 1 2018', '" -1 2018')
  const record = awsFields(device, failed)
  t.match(record?.fields, { event: { outcome: 'failure' }, http: { response: { status_code: 502 } } })
  for (const name of ['backend', 'request_processing_time', 'matched_rule_priority'])
    t.match(record?.fields, { aws: { elb: { [name]: undefined } } })
})

test('requests that are none, and quotes in them', async (t) => {
  const malformed = https.replace('"GET https://www.example.com:443/a/b?c=d&e HTTP/1.1"', '"- http://my-loadbalancer:80- -"')
  t.match(awsFields(device, malformed)?.fields, {
    http: { request: { method: undefined } },
    url: { domain: 'my-loadbalancer', port: 80, path: undefined },
  })
  t.match(awsFields(device, https.replace('curl/7.46.0', 'a "b"c'))?.fields, {
    user_agent: { original: 'a "b"c' },
    tls: { version: '1.2' },
  })
  t.match(awsFields(device, https.replace('192.168.131.39:2817', '[2001:db8::1]:2817'))?.fields, {
    source: { address: '2001:db8::1', ip: '2001:db8::1', port: 2817 },
  })
  t.match(awsFields(device, https.replace('192.168.131.39:2817', '2001:db8::1:2817'))?.fields, {
    source: { ip: '2001:db8::1', port: 2817 },
  })
})

test('a Network Load Balancer', async (t) => {
  const record = awsFields(device, tls)
  t.equal(record?.timestamp, '2018-12-20T02:59:40Z')
  t.same(record?.fields, {
    event: { kind: 'event', category: ['network'], type: ['access'], end: '2018-12-20T02:59:40Z' },
    source: { address: '72.21.218.154', ip: '72.21.218.154', port: 51341, bytes: 98 },
    destination: { domain: 'my-nlb.elb.us-east-2.amazonaws.com', bytes: 246 },
    tls: { cipher: 'ECDHE-RSA-AES128-SHA', version: '1.2', version_protocol: 'tls', next_protocol: 'h2' },
    cloud: { provider: 'aws' },
    related: { ip: ['72.21.218.154'] },
    aws: {
      elb: {
        name: 'net/my-network-loadbalancer/c6e77e28c25b2234',
        type: 'tls',
        protocol: 'tcp',
        listener: 'g3d4b5e8bb8464cd',
        backend: { ip: '172.100.100.185', port: '443' },
        connection_time: { ms: 5 },
        tls_handshake_time: { ms: 2 },
        chosen_cert: { arn: 'arn:aws:acm:us-east-2:671290407336:certificate/2a108f19' },
        ssl_cipher: 'ECDHE-RSA-AES128-SHA',
        ssl_protocol: 'tlsv12',
      },
    },
  })
})

test('a Classic Load Balancer', async (t) => {
  t.match(awsFields(device, classic), {
    timestamp: '2015-05-13T23:39:43.945958Z',
    fields: {
      source: { ip: '192.168.131.39' },
      http: { response: { status_code: 200 } },
      url: { path: '/' },
      aws: { elb: { name: 'my-loadbalancer', type: undefined } },
    },
  })
  const tcp = classic.replace('200 200', '- -').replace('GET http://www.example.com:80/ HTTP/1.1', '- - - ')
  t.match(awsFields(device, tcp)?.fields, {
    event: { category: ['network'], outcome: undefined },
    http: undefined,
    aws: { elb: { protocol: 'tcp' } },
  })
})

test('what is no entry', async (t) => {
  for (const text of [
    '',
    'text',
    'https',
    'tls 2.0',
    https.slice(0, 200),
    https.replace('2018-07-02T22:23:00.186641Z', 'then'),
    `${classic} x`,
    'Enable AccessLog for ELB: x at 2018',
  ])
    t.equal(awsFields(device, text), undefined, text)
})
