import { test } from 'tap'
import { relayApi } from '../../src/cli/relay-api.ts'
import type { PipelineStatus } from '../../src/core/status.ts'
import { oneSink, syslogSink } from '../support/relay-config.ts'
import { unbalanced } from '../support/relay-ledger.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { sendOnce } from '../support/relay-senders.ts'
import { udpReceiver } from '../support/udp-receiver-socket.ts'
import { UpstreamServer } from '../support/upstream-server.ts'

const source = { max_message_size: '128KiB' }
const count = 60
/** Fits into no datagram; sixty of them are several batches of a replay. */
const text = (i: number) => `<13>${i} ${'x'.repeat(66_000)}`

/** What the ledger and the letters say together. */
function books({ ledger, queue }: PipelineStatus) {
  const { delivered, rejected, queued } = ledger.sinks.up ?? {}
  return { delivered, rejected, queued, letters: queue.deadLetters.up, unbalanced: unbalanced(ledger) }
}

test('SIGKILL before, during and after a replay: each message is a dead letter or delivered, and the ledger says which', async (t) => {
  const relay = await RelayProcess.start(t, oneSink(syslogSink(await udpReceiver(t)), { source }))
  const messages = Array.from({ length: count }, (_, i) => text(i))
  await sendOnce(t, { host: '127.0.0.1', port: await relay.port() }, messages.map((one) => `${one.length} ${one}`).join(''))
  await relay.untilPipeline('all refused', ({ ledger }) => ledger.sinks.up?.rejected === count)
  await relay.kill()

  const upstream = await UpstreamServer.listen(t)
  relay.configure(oneSink(syslogSink(upstream.endpoint), { source }))
  await relay.start()
  // What was refused last may not have been on disk: it is sent once more, and now it is taken.
  const before = books(await relay.untilPipeline('nothing waits', ({ ledger }) => ledger.sinks.up?.queued === 0))
  const letters = before.letters ?? 0
  t.ok(letters > count / 2, `${letters} letters survived`)
  t.same(before, { delivered: count - letters, rejected: letters, queued: 0, letters, unbalanced: [] })
  let seen = 0
  for await (const step of relayApi.letters.replay(relay.dataDir, 'main', 'up', { dryRun: false })) {
    seen = 'progress' in step ? step.progress.delivered : 0
    if (seen > 0) await relay.kill()
    if (seen > 0) break
  }
  t.ok(seen > 0 && seen < letters, `killed after ${seen}`)

  await relay.start()
  const after = books(await relay.pipeline())
  t.ok((after.delivered ?? 0) >= count - letters + seen, 'what was told is kept')
  t.same(after, { delivered: count - (after.letters ?? 0), rejected: after.letters, queued: 0, letters: after.letters, unbalanced: [] })
  for await (const step of relayApi.letters.replay(relay.dataDir, 'main', 'up', { dryRun: false })) {
    if ('progress' in step) t.equal(step.progress.stopped, undefined)
  }
  await relay.kill()
  await relay.start()
  t.same(books(await relay.pipeline()), { delivered: count, rejected: 0, queued: 0, letters: 0, unbalanced: [] })
  t.same(new Set(upstream.messages), new Set(messages))
  t.ok(upstream.messages.length <= count + 2 * 16, 'a batch of each kill at most comes twice')
})
