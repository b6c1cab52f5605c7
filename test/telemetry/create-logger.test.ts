import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { createLogger, type LogLevel } from '../../src/telemetry/create-logger.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line: string) => void lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') }
}

test('a line is JSON with the level as a word, the time in ISO 8601 and the bound fields', async (t) => {
  const { log, lines, last } = capture('info')
  log.child({ pipeline: 'nginx' }).child({ sink: 'siem' }).warn({ peer: '192.0.2.1' }, 'the sink fails')
  t.match(lines, [/^\{.*\}\n$/])
  const { time, ...rest } = last()
  t.strictSame(rest, { level: 'warn', pipeline: 'nginx', sink: 'siem', peer: '192.0.2.1', msg: 'the sink fails' })
  t.equal(new Date(time).toISOString(), time)
})

test('a RelayError is its code, message and hint, and the code is a field of the line as well', async (t) => {
  const { log, last } = capture('info')
  const error = new RelayError('PORT_IN_USE', 'taken', { cause: new Error('EADDRINUSE'), hint: 'choose another' })
  log.error({ error }, 'cannot start')
  t.equal(last().code, 'PORT_IN_USE')
  t.strictSame(last().error, { code: 'PORT_IN_USE', message: 'taken', hint: 'choose another' })
  log.error({ err: error, code: 'MINE' }, "the caller's code stays")
  t.equal(last().code, 'MINE')
  t.strictSame(last().err, { code: 'PORT_IN_USE', message: 'taken', hint: 'choose another' })
})

test('at level debug an error carries its stack and its causes, and a loop of causes ends', async (t) => {
  const { log, last } = capture('debug')
  const cause: Error = new Error('below')
  cause.cause = cause
  log.error({ error: new RelayError('QUEUE_FAILED', 'above', { cause }) }, 'x')
  const { error } = last()
  t.match(error.stack, 'above')
  t.equal(error.cause.message, 'below')
  let depth = 0
  for (let at = error; at !== undefined; at = at.cause) depth++
  t.equal(depth, 6)
})

test('what is to be reported carries its stack at every level', async (t) => {
  const { log, last } = capture('info')
  log.error({ error: RelayError.from(new TypeError('ours')) }, 'x')
  t.match(last().error, { code: 'INTERNAL', message: 'ours', cause: { message: 'ours', stack: /create-logger\.test/ } })
})

test('anything may have been thrown', async (t) => {
  const { log, last } = capture('info')
  log.error({ error: 'a string' }, 'x')
  t.strictSame(last().error, { message: 'a string' })
  log.error({ error: null }, 'x')
  t.strictSame(last().error, { message: 'null' })
  log.error({ error: { code: 'ENDPOINT_CLOSED', message: 'as /status has it' } }, 'x')
  t.strictSame(last().error, { code: 'ENDPOINT_CLOSED', message: 'as /status has it' })
  t.equal(last().code, 'ENDPOINT_CLOSED')
  log.error({ error: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) }, 'x')
  t.strictSame(last().error, { code: 'ECONNREFUSED', message: 'connect' })
})

test('a change of the level reaches the children that exist', async (t) => {
  const { log, lines } = capture('warn')
  const child = log.child({ pipeline: 'nginx' })
  child.debug({}, 'no')
  child.info({}, 'no')
  t.equal(lines.length, 0)
  log.setLevel('debug')
  child.debug({}, 'yes')
  child.info({}, 'yes')
  t.equal(lines.length, 2)
  log.setLevel('error')
  child.warn({}, 'no')
  child.error({}, 'yes')
  t.equal(lines.length, 3)
})
