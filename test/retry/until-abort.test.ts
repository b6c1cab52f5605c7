import { getEventListeners } from 'node:events'
import { test } from 'tap'
import { untilAbort } from '../../src/retry/until-abort.ts'

test('ends with the work, as the work does', async (t) => {
  const { signal } = new AbortController()
  t.equal(await untilAbort(Promise.resolve(1), signal), 1)
  await t.rejects(untilAbort(Promise.reject(new Error('broken')), signal), { message: 'broken' })
  await new Promise(setImmediate)
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

test('an abort ends the wait, not the work', async (t) => {
  const controller = new AbortController()
  const work = Promise.withResolvers<number>()
  const waiting = untilAbort(work.promise, controller.signal)
  controller.abort()
  t.equal(await waiting, undefined)
  t.equal(await untilAbort(work.promise, controller.signal), undefined, 'a signal that has aborted before')
  work.resolve(2)
  t.equal(await work.promise, 2)
})
