import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { SyslogDatagramEndpoint } from '../../src/sinks/syslog-datagram-endpoint.ts'
import { sinkConformance } from '../conformance/sink-conformance.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { checkOutcome, storedBatch } from '../support/sink-batches.ts'
import { DatagramReceiver } from '../support/sink-receiver.ts'

const never = new AbortController().signal
const options = { connect_timeout: 10_000 }

sinkConformance('udp', async (t, format) => {
  const receiver = new DatagramReceiver()
  await receiver.listen()
  t.teardown(() => receiver.close())
  const endpoint = { scheme: 'udp', host: 'localhost', port: receiver.port } as const
  return {
    sink: new SyslogDatagramEndpoint({ ...endpoint, host: '127.0.0.1' }, options, { format, logger: new RecordingLogger() }),
    received: async (atLeast) => {
      await receiver.until(() => receiver.datagrams.length >= atLeast)
      return receiver.datagrams.map(String)
    },
    break: () => receiver.close(),
    repair: () => receiver.listen(),
  }
})

test('a message is a datagram whatever bytes it has, unless it does not fit into one', async (t) => {
  const receiver = new DatagramReceiver()
  await receiver.listen()
  t.teardown(() => receiver.close())
  const logger = new RecordingLogger()
  const sink = new SyslogDatagramEndpoint({ scheme: 'udp', host: 'localhost', port: receiver.port }, options, { format: 'raw', logger })
  t.teardown(() => sink.stop(never))
  const largest = Buffer.alloc(65_507, 'a')
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const batch = storedBatch(['two\nlines', Buffer.alloc(65_508), bytes, largest, Buffer.alloc(70_000)], { seqs: [[5, 9]] })
  const outcome = await sink.send(batch, never)
  checkOutcome(t, batch, outcome)
  t.same(outcome.delivered, [
    [5, 5],
    [7, 8],
  ])
  t.same(
    outcome.rejected.map(({ seqs, error }) => [seqs[0], error.code]),
    [
      [6, 'MESSAGE_TOO_LARGE'],
      [9, 'MESSAGE_TOO_LARGE'],
    ],
  )
  t.equal(outcome.retry, undefined)
  await receiver.until(() => receiver.datagrams.length === 3)
  t.same(receiver.datagrams, [Buffer.from('two\nlines'), bytes, largest])
})

test('a closed port is learned from ICMP, a name that is not there from the name server', async (t) => {
  const receiver = new DatagramReceiver()
  await receiver.listen()
  await receiver.close()
  const logger = new RecordingLogger()
  const closed = new SyslogDatagramEndpoint({ scheme: 'udp', host: '127.0.0.1', port: receiver.port }, options, { format: 'raw', logger })
  const outcome = await closed.send(storedBatch(['one message']), never)
  t.match(outcome.retry?.error, { code: 'ENDPOINT_UNREACHABLE', message: /: refused$/ })
  t.same(outcome.delivered, [])
  await closed.send(storedBatch(['again']), never)
  t.equal(logger.messages('warn').length, 1, 'said once')
  const nowhere = new SyslogDatagramEndpoint({ scheme: 'udp', host: 'nowhere.invalid', port: 514 }, options, { format: 'raw', logger })
  t.match((await nowhere.send(storedBatch(['x']), never)).retry?.error, { code: 'ENDPOINT_UNREACHABLE', message: /name/ })
})

test('giveUp ends what waits for the name server', async (t) => {
  const logger = new RecordingLogger()
  const sink = new SyslogDatagramEndpoint({ scheme: 'udp', host: 'nowhere.invalid', port: 514 }, options, { format: 'raw', logger })
  t.teardown(() => sink.stop(never))
  const sending = sink.send(storedBatch(['x']), never)
  const reason = new RelayError('ENDPOINT_CLOSED', 'it takes nothing for 30 s')
  sink.giveUp(reason)
  t.same(await sending, { delivered: [], rejected: [], retry: { error: reason } })
  t.same(logger.messages('warn'), [reason.message])
})
