import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { BenchSelfOptions } from '../../src/app/bench-self/bench-self.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Measurement } from '../../src/planning/sizing-measurement.ts'
import { status as runningStatus } from './example-status.ts'
import { fakeRelay, run } from './fake-terminal.ts'

const measurement: Measurement = {
  version: '1.2.3',
  measuredAt: '2026-11-03T10:00:00.000Z',
  machine: { processors: 2, processorModel: 'Processor', memoryBytes: 2 ** 34, system: 'Linux 6.1' },
  directory: '/srv/relay',
  seconds: 8,
  messageBytes: 300,
  messages: 8_000_000,
  messagesPerSecond: 1_000_000.4,
  cpuMicrosecondsPerMessage: 0.934,
  storedBytesPerReceivedByte: 0.254,
  peakMemoryBytes: 2 ** 28,
  fsync: { bytes: 2 ** 18, perSecond: 1234.5, medianMs: 0.5, p99Ms: 2.345 },
}
const notRunning = () => Promise.reject(new RelayError('NOT_RUNNING', 'no relay runs'))

/** A relay that answers at once, and what it was asked. */
function measured(answer: Measurement | undefined = measurement) {
  const asked: Omit<BenchSelfOptions, 'onStarted'>[] = []
  const benchSelf = async ({ onStarted, ...options }: BenchSelfOptions) => {
    asked.push(options)
    onStarted('/srv/relay')
    return answer
  }
  return { asked, relay: fakeRelay({ getStatus: notRunning, benchSelf }) }
}

function room(t: Test): { dir: string; config: string } {
  const dir = t.testdir({ 'f.yaml': 'data_dir: /srv/relay\n' })
  return { dir, config: join(dir, 'f.yaml') }
}

t.test('prints the figures as a table', async (t) => {
  const { relay, asked } = measured()
  const { status, out, err } = await run(['bench-self', '--config', room(t).config], { relay })
  t.same([status, err], [0, 'measuring in /srv/relay for about 13 s\n'])
  t.same(asked, [{ dir: undefined, dataDir: '/srv/relay', seconds: 8 }])
  t.match(out, /^logrelay 1\.2\.3 on 2 × Processor, 16 GiB, Linux 6\.1; in \/srv\/relay\n/)
  t.match(out, /\nmessages\/s +1,000,000 +received, fsynced and delivered; 300 bytes each, 8 s\n/)
  t.match(out, /\nprocessor time +0\.93 µs.*\ncompression +0\.25 .*\npeak memory +256 MiB .*\nfsyncs\/s +1,23[45] .*\n/)
  t.match(out, /\nSender, relay and receiver shared 2 processors/)
})

t.test('as JSON, and into a file that plan reads', async (t) => {
  const { relay, asked } = measured()
  const { dir, config } = room(t)
  const file = join(dir, 'node.json')
  const args = ['bench-self', '--config', config, '--dir', dir, '--seconds', '0.5']
  t.same(JSON.parse((await run([...args, '--json'], { relay })).out), measurement)
  t.match((await run([...args, '--out', file], { relay })).out, /FIGURE/)
  t.same(JSON.parse(readFileSync(file, 'utf8')), measurement)
  t.same(asked[0], { dir, dataDir: '/srv/relay', seconds: 0.5 })
  t.match((await run(['plan', '--rate', '1000', '--measured', file])).out, /^A node does 1,000,000 messages\/s/)
})

t.test('a file that cannot be written is said before anything is measured', async (t) => {
  const { relay, asked } = measured()
  const { status, err } = await run(['bench-self', '--config', room(t).config, '--out', '/does/not/exist.json'], { relay })
  t.equal(status, 1)
  t.match(err, /--out \/does\/not\/exist\.json cannot be written: ENOENT.*FILE_UNWRITABLE/s)
  t.same(asked, [])
})

t.test('a relay that runs here is named; an interrupted measurement is a failure', async (t) => {
  const { relay } = measured()
  const { config } = room(t)
  const busy = await run(['bench-self', '--config', config], { relay: { ...relay, getStatus: async () => runningStatus } })
  t.match(busy.err, /^a relay is running here: .* too low\n/)
  const none = await run(['bench-self', '--config', config], { relay: { ...relay, benchSelf: async () => undefined } })
  t.same([none.status, none.out, none.err], [1, '', 'interrupted: nothing was measured\n'])
})

t.test('wrong usage', async (t) => {
  for (const seconds of ['0', '301', 'x']) {
    const { status, err } = await run(['bench-self', '--seconds', seconds])
    t.equal(status, 2)
    t.match(err, /--seconds must be a number above 0, at most 300/)
  }
})
