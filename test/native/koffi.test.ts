import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { loadKoffi, withLibc } from '../../src/native/koffi.ts'

test("the C library's functions can be called", async (t) => {
  t.equal(loadKoffi(), loadKoffi())
  const getpid = withLibc(
    (libc) => libc.func('int getpid()') as () => number,
    () => 0,
  )
  t.equal(getpid(), process.pid)
})

test('where koffi or a function is missing there is the fallback, and the reason', async (t) => {
  const reasons: RelayError[] = []
  const onError = (error: RelayError) => void reasons.push(error)
  t.equal(
    withLibc((libc) => libc.func('int no_such_function_anywhere()').name, 'fallback', onError),
    'fallback',
  )
  t.match(reasons.pop(), { code: 'INTERNAL', message: /no_such_function_anywhere/ })
  const missing = new RelayError('INTERNAL', 'koffi cannot be loaded')
  t.equal(
    withLibc(
      () => 'bound',
      'fallback',
      onError,
      () => missing,
    ),
    'fallback',
  )
  t.strictSame(reasons, [missing])
})
