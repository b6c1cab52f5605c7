import { test } from 'tap'
import type { Finding, Topic } from '../../../src/app/doctor/finding.ts'
import { findingsOf } from '../../../src/app/doctor/finding.ts'
import { type Check, runChecks } from '../../../src/app/doctor/run-checks.ts'
import { Slots } from '../../../src/app/doctor/slots.ts'
import { lines, never } from './fake-host.ts'

const found = (topic: Topic, subject: string) => [findingsOf(topic).ok(subject, 'fine')]
const check = (subject: string, run: Check['run'], limitMs = 60_000): Check => ({ topic: 'disk', subject, limitMs, run })
async function all(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const list: Finding[] = []
  for await (const finding of findings) list.push(finding)
  return list
}

test('all start at once; findings come in order, however long each takes', async (t) => {
  const second = Promise.withResolvers<void>()
  const slow = check('a', () => second.promise.then(() => found('disk', 'a')))
  const quick = check('b', async () => {
    second.resolve()
    return found('disk', 'b')
  })
  t.same(lines(await all(runChecks([slow, quick], never))), ['ok a: fine', 'ok b: fine'])
})

test('what throws, and what never ends, is unknown', async (t) => {
  const thrown = check('a', () => Promise.reject(new Error('oh')))
  const endless = check('b', () => new Promise(() => {}), 501)
  t.same(lines(await all(runChecks([thrown, endless], never))), [
    'unknown a: could not be looked at: oh',
    'unknown b: was not done looking after 0.501 s',
  ])
})

test('a check that heeds its signal tells what it has found', async (t) => {
  const heeding = check(
    'a',
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => setImmediate(() => resolve(found('disk', 'half'))))),
    501,
  )
  t.same(lines(await all(runChecks([heeding], never))), ['ok half: fine'])
})

test('a signal ends it when each check has cleaned up; so does whoever reads no further', async (t) => {
  const cleaned: string[] = []
  const cleaning = (name: string) =>
    check(name, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await new Promise(setImmediate)
      cleaned.push(name)
      return []
    })
  const ending = new AbortController()
  const run = all(runChecks([cleaning('a'), cleaning('b')], ending.signal))
  ending.abort()
  await t.rejects(run, { name: 'AbortError' })
  t.same(cleaned, ['a', 'b'])
  for await (const _ of runChecks([check('x', async () => found('disk', 'x')), cleaning('c')], never)) break
  t.same(cleaned, ['a', 'b', 'c'])
})

test('slots are handed on, also by work that fails', async (t) => {
  const slots = new Slots(1)
  const failing = slots.run(() => Promise.reject(new Error('oh')))
  const next = slots.run(async () => 'next')
  await t.rejects(failing, /oh/)
  t.equal(await next, 'next')
  t.equal(await slots.run(async () => 'again'), 'again')
})
