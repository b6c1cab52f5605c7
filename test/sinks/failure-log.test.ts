import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { FailureLog } from '../../src/sinks/failure-log.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

test('a failing period is one warning for each kind of failure and one line at its end', async (t) => {
  const logger = new RecordingLogger()
  const log = new FailureLog(logger, 'tcp://siem:601')
  const refused = new RelayError('ENDPOINT_UNREACHABLE', 'refused', { hint: 'look' })
  log.well()
  for (let i = 0; i < 5; i++) log.failed(refused)
  log.failed(new RelayError('ENDPOINT_TLS', 'expired'))
  log.failed(refused)
  t.equal(log.error, refused)
  log.well()
  log.well()
  t.equal(log.error, undefined)
  t.same(logger.messages('warn'), ['refused', 'expired'])
  t.match(logger.lines[0]?.fields, { code: 'ENDPOINT_UNREACHABLE', hint: 'look' })
  t.equal(logger.messages('debug').length, 5)
  t.match(logger.messages('info'), [/^tcp:\/\/siem:601 works again after \d+ s$/])
})

test('what fails and is well again all the time fills no log, and its state is told all the same', async (t) => {
  const logger = new RecordingLogger()
  const log = new FailureLog(logger, 'tcp://siem:601')
  const reset = new RelayError('ENDPOINT_CLOSED', 'reset by the peer')
  for (let i = 0; i < 100; i++) {
    log.failed(reset)
    t.equal(log.error, reset)
    log.well()
    t.equal(log.error, undefined)
  }
  t.equal(logger.messages('warn').length, 1)
  t.equal(logger.messages('info').length, 1)
})
