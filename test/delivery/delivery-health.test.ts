import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { DeliveryHealth } from '../../src/delivery/delivery-health.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

test('refused messages are told of at once, then with their sum and not more often than each ten seconds', async (t) => {
  const logger = new RecordingLogger()
  const due: (() => void)[] = []
  const later = (work: () => void, ms: number) => {
    t.equal(ms, 10_000)
    due.push(work)
  }
  const health = new DeliveryHealth({ pipelineName: 'p', sinkName: 's', queued: () => 0, logger, later })
  const error = new RelayError('DOCUMENT_REFUSED', 'no number')
  const refuse = (messages: number) => health.answered({ delivered: [], rejected: [{ seqs: [1, messages], error }] })
  const told = () => logger.messages('error').map((text) => Number(/(\d+) messages/.exec(text)?.[1]))
  refuse(3)
  t.same(told(), [3])
  refuse(1)
  refuse(5)
  t.same(told(), [3])
  due.shift()?.()
  t.same(told(), [3, 6], 'though no further one comes')
  refuse(2)
  due.shift()?.()
  t.same(told(), [3, 6, 2])
  due.shift()?.()
  t.same([told(), due.length], [[3, 6, 2], 0], 'nothing is said of none')
  refuse(4)
  t.same(told(), [3, 6, 2, 4])
})
