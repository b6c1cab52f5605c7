import t from 'tap'
import { UsageError } from '../../src/cli/command.ts'
import { exitStatusOf, renderError } from '../../src/cli/render-error.ts'
import { RelayError } from '../../src/core/errors.ts'

t.test('message, hint, code; stacks only when asked for', async (t) => {
  const error = new RelayError('PORT_IN_USE', 'port 10435 is in use', { hint: 'stop the other program', cause: new Error('EADDRINUSE') })
  t.equal(renderError(error, false), 'logrelay: port 10435 is in use\n  stop the other program\n  code: PORT_IN_USE (docs/errors.md)\n')
  t.match(renderError(error, true), /render-error\.test\.ts.*caused by: Error: EADDRINUSE.*render-error\.test\.ts/s)
})

t.test('causes in a circle', async (t) => {
  const one = new RelayError('INTERNAL', 'one')
  one.cause = one
  t.equal(renderError(one, true).match(/RelayError: one/g)?.length, 1)
})

t.test('what is no RelayError is a mistake of ours', async (t) => {
  t.equal(renderError(new TypeError('x is not a function'), false).split('\n')[2], '  code: INTERNAL (docs/errors.md)')
  t.match(renderError('a string', false), /^logrelay: a string\n {2}this is a mistake of logrelay: please report it/)
})

t.test('exit statuses', async (t) => {
  t.equal(exitStatusOf(new UsageError('x')), 2)
  t.equal(exitStatusOf(new RelayError('CONFIG_INVALID', 'x')), 2)
  t.equal(exitStatusOf(new RelayError('CONFIG_NOT_FOUND', 'x')), 2)
  t.equal(exitStatusOf(new RelayError('PORT_IN_USE', 'x')), 1)
  t.equal(exitStatusOf(new Error('x')), 1)
})
