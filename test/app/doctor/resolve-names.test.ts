import { test } from 'tap'
import { resolveNames } from '../../../src/app/doctor/resolve-names.ts'
import { never } from './fake-host.ts'

test('two lookups at a time, in order; addresses are none', async (t) => {
  const waiting: (() => void)[] = []
  const asked: string[] = []
  const lookup = (name: string) => {
    asked.push(name)
    return new Promise<string[]>((resolve) => waiting.push(() => resolve([`address of ${name}`])))
  }
  const found = resolveNames(['a', 'b', 'c', 'a', '192.0.2.1', '2001:db8::1'], lookup, never)
  t.same([...found.keys()], ['a', 'b', 'c', '192.0.2.1', '2001:db8::1'])
  t.same(await found.get('2001:db8::1'), { addresses: ['2001:db8::1'], ms: 0 })
  t.same(asked, ['a', 'b'])
  waiting[0]?.()
  t.match(await found.get('a'), { addresses: ['address of a'] })
  await new Promise(setImmediate)
  t.same(asked, ['a', 'b', 'c'])
  for (const answer of waiting) answer()
  t.match(await found.get('c'), { addresses: ['address of c'] })
})

test('when time runs out, names are unfinished: those asked for, and those that wait', async (t) => {
  const ending = new AbortController()
  const found = resolveNames(['a', 'b', 'c'], () => new Promise(() => {}), ending.signal)
  ending.abort()
  t.match(await found.get('a'), { addresses: [], failure: /did not answer/, unfinished: true })
  t.match(await found.get('c'), { addresses: [], failure: /no time left/, unfinished: true })
})

test('failures are in words', async (t) => {
  const failing = (code: string) => resolveNames(['a'], () => Promise.reject(Object.assign(new Error(code), { code })), never).get('a')
  t.match(await failing('ENOTFOUND'), { failure: /^name not found\. / })
  t.match(await failing('EAI_AGAIN'), { failure: /^the name server did not answer\. / })
  t.equal((await failing('ENOTFOUND'))?.unfinished, undefined)
})
