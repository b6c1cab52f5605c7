import fc from 'fast-check'
import { test } from 'tap'
import { decodeClaim, encodeClaim } from '../../../src/protocols/s3/claim-document.ts'
import { objectId } from '../../../src/protocols/s3/object-id.ts'
import { decodeProgress, encodeProgress, further } from '../../../src/protocols/s3/object-progress.ts'

const whole = fc.nat()
const resume = fc.record(
  { offset: whole, messages: whole, state: fc.string() },
  { requiredKeys: ['offset', 'messages'], noNullPrototype: true },
)
const object = fc.record(
  { bucket: fc.string(), key: fc.string({ minLength: 1 }), etag: fc.string(), size: whole, modifiedS: whole },
  { noNullPrototype: true },
)
const progress = fc.record(
  { object, resume, packed: fc.boolean(), done: fc.boolean(), tries: whole, again: whole },
  { requiredKeys: ['object', 'done', 'tries'], noNullPrototype: true },
)
const claim = fc.record(
  {
    owner: fc.string(),
    session: fc.string(),
    beat: whole,
    key: fc.string(),
    etag: fc.string(),
    resume,
    tries: whole,
    done: fc.boolean(),
    released: fc.boolean(),
    takenAt: whole,
  },
  { requiredKeys: ['owner', 'session', 'beat', 'key', 'etag', 'tries', 'done', 'released'], noNullPrototype: true },
)

test('progress and claims are read as they were written', async (t) => {
  fc.assert(fc.property(progress, (given) => t.same(decodeProgress(encodeProgress(given)), given)))
  fc.assert(fc.property(claim, (given) => t.same(decodeClaim(encodeClaim(given)), given)))
})

test('what is damaged is none', async (t) => {
  for (const text of ['', '{', 'null', '[]', '{}', '{"object":{}}', '{"object":{"bucket":"b","key":"","etag":"e"}}'])
    t.equal(decodeProgress(Buffer.from(text)), undefined, text)
  for (const text of ['', '{', 'null', '[]', '{}', '"text"']) t.equal(decodeClaim(text), undefined, text)
  t.equal(decodeProgress(undefined), undefined)
  fc.assert(fc.property(fc.json(), (text) => void [decodeProgress(Buffer.from(text)), decodeClaim(text)]))
})

test('an object is its bucket, key and content', async (t) => {
  const ids = [objectId('a', 'b', 'c'), objectId('ab', '', 'c'), objectId('a', 'b', 'd'), objectId('', 'ab', 'c')]
  t.equal(new Set(ids).size, ids.length)
  t.match(ids[0], /^[0-9a-f]{32}$/)
})

test('the further of two places', async (t) => {
  const [near, far] = [
    { offset: 1, messages: 1 },
    { offset: 2, messages: 2 },
  ]
  t.equal(further(near, far), far)
  t.equal(further(far, near), far)
  t.equal(further(undefined, near), near)
  t.equal(further(near, undefined), near)
})
