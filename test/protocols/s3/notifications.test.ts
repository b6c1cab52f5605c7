import { test } from 'tap'
import { parseNotification } from '../../../src/protocols/s3/notifications.ts'

const record = (key: string, event = 'ObjectCreated:Put') => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName: event,
  s3: { bucket: { name: 'logs' }, object: { key, size: 12, eTag: 'abc', sequencer: '0A' } },
})
const bridged = {
  version: '0',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  detail: { bucket: { name: 'logs' }, object: { key: 'a b+c%20d', size: 12, etag: 'abc' }, reason: 'PutObject' },
}
const of = (message: unknown) => parseNotification(JSON.stringify(message))

test('events of S3: keys are URL-decoded, and only creations count', (t) => {
  t.same(of({ Records: [record('a+b%2Bc%C3%BC'), record('gone', 'ObjectRemoved:Delete'), record('d', 's3:ObjectCreated:Copy')] }), {
    kind: 'objects',
    objects: [
      { bucket: 'logs', key: 'a b+cü', etag: 'abc', size: 12 },
      { bucket: 'logs', key: 'd', etag: 'abc', size: 12 },
    ],
  })
  t.end()
})

test('events of EventBridge: keys are as they are', (t) => {
  t.same(of(bridged), { kind: 'objects', objects: [{ bucket: 'logs', key: 'a b+c%20d', etag: 'abc', size: 12 }] })
  t.same(of({ ...bridged, 'detail-type': 'Object Deleted' }), { kind: 'objects', objects: [] })
  t.end()
})

test('either may come in the envelope of an SNS topic', (t) => {
  const envelope = (message: unknown) => ({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: JSON.stringify(message) })
  t.match(of(envelope({ Records: [record('a')] })), { objects: [{ key: 'a' }] })
  t.match(of(envelope(bridged)), { objects: [{ key: 'a b+c%20d' }] })
  const endless = Array.from({ length: 10 }).reduce((inner) => envelope(inner), { Records: [] })
  t.match(of(endless), { kind: 'unknown', reason: /envelopes/ })
  t.end()
})

test('the test event is known, and anything else is not', (t) => {
  t.same(of({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs' }), { kind: 'test' })
  const unknown = [
    'text',
    [],
    null,
    {},
    { Records: [{}] },
    { Records: [null] },
    { Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: {}, object: {} } }] },
    { Records: [record('%E0%A4%A')] },
    { Records: [record('')] },
    { ...bridged, detail: {} },
  ]
  for (const message of unknown) t.equal(of(message).kind, 'unknown', JSON.stringify(message))
  t.equal(parseNotification('{').kind, 'unknown')
  t.end()
})
