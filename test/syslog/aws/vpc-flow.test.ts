import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'

const device = 'aws-vpc-flow'
/** Of AWS's documentation. */
const accepted = '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK'

test('a record in the default format', async (t) => {
  t.same(awsFields(device, accepted), {
    timestamp: '2014-12-14T04:07:50Z',
    fields: {
      event: {
        kind: 'event',
        category: ['network'],
        type: ['connection', 'allowed'],
        action: 'accept',
        outcome: 'success',
        start: '2014-12-14T04:06:50Z',
        end: '2014-12-14T04:07:50Z',
      },
      source: { address: '172.31.16.139', ip: '172.31.16.139', port: 20641, bytes: 4249, packets: 20 },
      destination: { address: '172.31.16.21', ip: '172.31.16.21', port: 22 },
      network: { type: 'ipv4', iana_number: '6', transport: 'tcp', bytes: 4249, packets: 20 },
      cloud: { provider: 'aws', account: { id: '123456789010' } },
      related: { ip: ['172.31.16.139', '172.31.16.21'] },
      aws: {
        vpcflow: { version: '2', account_id: '123456789010', interface_id: 'eni-1235b8ca123456789', action: 'ACCEPT', log_status: 'OK' },
      },
    },
  })
})

test('rejected, IPv6, and records without data', async (t) => {
  const rejected = accepted.replace('ACCEPT', 'REJECT').replace('172.31.16.139', '2001:db8::1').replace(' 6 ', ' 58 ')
  t.match(awsFields(device, rejected)?.fields, {
    event: { action: 'reject', outcome: 'failure', type: ['connection', 'denied'] },
    network: { type: 'ipv6', transport: 'ipv6-icmp', iana_number: '58' },
  })
  const record = awsFields(device, '2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA')
  t.same(record?.fields, {
    event: { kind: 'event', category: ['network'], type: ['connection'], start: '2015-05-10T18:01:16Z', end: '2015-05-10T18:02:14Z' },
    cloud: { provider: 'aws', account: { id: '123456789010' } },
    aws: { vpcflow: { version: '2', account_id: '123456789010', interface_id: 'eni-1', log_status: 'NODATA' } },
  })
})

test('other fields are read with the header line of their object', async (t) => {
  const header =
    'region vpc-id srcaddr pkt-srcaddr dstaddr flow-direction pkt-dst-aws-service sublocation-type sublocation-id az-id tcp-flags end start'
  const record = awsFields(
    device,
    'eu-west-1 vpc-1 10.0.0.1 10.0.0.9 10.0.0.2 egress S3 wavelength w1 euw1-az1 19 1418530070 1418530010',
    header,
  )
  t.same(record, {
    timestamp: '2014-12-14T04:07:50Z',
    fields: {
      event: { kind: 'event', category: ['network'], type: ['connection'], start: '2014-12-14T04:06:50Z', end: '2014-12-14T04:07:50Z' },
      source: { address: '10.0.0.1', ip: '10.0.0.1' },
      destination: { address: '10.0.0.2', ip: '10.0.0.2' },
      network: { type: 'ipv4', direction: 'egress' },
      cloud: { provider: 'aws', region: 'eu-west-1', availability_zone: 'euw1-az1' },
      related: { ip: ['10.0.0.1', '10.0.0.2', '10.0.0.9'] },
      aws: {
        vpcflow: {
          vpc_id: 'vpc-1',
          pkt_srcaddr: '10.0.0.9',
          pkt_dst_service: 'S3',
          tcp_flags: '19',
          sublocation: { type: 'wavelength', id: 'w1' },
        },
      },
    },
  })
  t.match(awsFields(device, '10.0.0.1 10.0.0.2', 'dstaddr srcaddr')?.fields, { source: { ip: '10.0.0.2' } }, 'the next object has another')
  t.match(awsFields(device, accepted), { timestamp: '2014-12-14T04:07:50Z' }, 'and the next has none')
})

test('nothing is guessed of records that are not in the default format', async (t) => {
  for (const text of [
    '',
    'text',
    accepted.slice(0, -3),
    `${accepted} vpc-1`,
    accepted.replace(/^2/, '3'),
    'OK ACCEPT 1418530070 1418530010 4249 20 6 22 20641 172.31.16.21 172.31.16.139 eni-1 123456789010 2',
  ])
    t.equal(awsFields(device, text), undefined, text)
  t.equal(awsFields(device, accepted, 'srcaddr dstaddr'), undefined, 'fewer fields than values')
})

test('values that are none', async (t) => {
  const record = awsFields(device, '2 1 eni-1 999.1.1.1 fe80::1%eth0 x 99999999999999999999 six 1e5 0x10 999999999999 yesterday ALLOW OK')
  t.equal(record?.timestamp, undefined)
  t.match(record?.fields, {
    source: { address: '999.1.1.1', ip: undefined, port: undefined },
    destination: { ip: undefined, port: undefined },
    event: { action: 'allow' },
  })
})
