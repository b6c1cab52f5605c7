import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { DeliveryHealth } from '../../src/delivery/delivery-health.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

test('refused messages are told of at once, then with their sum and not more often than each ten seconds', async (t) => {
  const logger = new RecordingLogger()
  let nowMs = 0
  const health = new DeliveryHealth({ pipelineName: 'p', sinkName: 's', queued: () => 0, logger, now: () => nowMs })
  const error = new RelayError('DOCUMENT_REFUSED', 'no number')
  const refuse = (messages: number) => health.answered({ delivered: [], rejected: [{ seqs: [1, messages], error }] })
  const told = () => logger.messages('error').map((text) => Number(/(\d+) messages/.exec(text)?.[1]))
  refuse(3)
  t.same(told(), [3])
  nowMs = 9_999
  refuse(1)
  refuse(5)
  t.same(told(), [3])
  nowMs = 10_000
  refuse(2)
  t.same(told(), [3, 8])
})
