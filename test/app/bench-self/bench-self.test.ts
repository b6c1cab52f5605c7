import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { benchParent, inBenchDirectory } from '../../../src/app/bench-self/bench-directory.ts'
import { benchSelf, measureSelf } from '../../../src/app/bench-self/bench-self.ts'
import { measurementSchema } from '../../../src/planning/sizing-measurement.ts'
import { until } from '../../support/relay-until.ts'
import { shortDir } from '../../support/short-dir.ts'

const little = { storedMessages: 5000, seconds: 0.2, fsyncSeconds: 0.05 }
const never = new AbortController().signal

t.test('every message is received, stored and delivered, and nothing is left behind', async (t) => {
  const parent = shortDir(t)
  const measurement = await measureSelf(parent, little, never)
  t.same(measurementSchema.parse(measurement), measurement, 'as plan reads it, and nothing else')
  t.match(measurement, { directory: parent, messageBytes: 300, seconds: 0.2, machine: { processors: Number } })
  t.ok(measurement.messages >= 1000)
  t.ok(measurement.storedBytesPerReceivedByte > 0.1 && measurement.storedBytesPerReceivedByte < 0.6, 'it compresses as logs do')
  t.same(readdirSync(parent), [])
})

t.test('a signal ends it, and nothing is left behind', async (t) => {
  const parent = shortDir(t)
  const listeners = process.listenerCount('SIGINT')
  const measuring = benchSelf({ dir: parent, dataDir: '/nowhere', seconds: 60, onStarted: (directory) => t.equal(directory, parent) })
  await until('the measurement to begin', () => readdirSync(parent).length > 0)
  // As the runtime does when the signal comes.
  process.emit('SIGINT')
  t.equal(await measuring, undefined)
  t.same(readdirSync(parent), [])
  t.equal(process.listenerCount('SIGINT'), listeners)
})

t.test('an abort under load ends relay, sender and receiver', async (t) => {
  const parent = shortDir(t)
  const stop = new AbortController()
  const measuring = measureSelf(parent, { ...little, seconds: 60 }, stop.signal)
  await until('its queue', () => existsSync(join(parent, readdirSync(parent)[0] ?? '', 'queues')))
  stop.abort()
  await t.rejects(measuring, { name: 'AbortError' })
  t.same(readdirSync(parent), [])
})

t.test('where it measures', async (t) => {
  const dir = shortDir(t)
  t.equal(await benchParent('here', dir), join(process.cwd(), 'here'), 'what is named')
  t.equal(await benchParent(undefined, dir), dir, 'data_dir')
  t.equal(await benchParent(undefined, join(dir, 'none')), process.cwd(), 'the working directory')
})

t.test('refuses what has no room or cannot be written to', async (t) => {
  const dir = shortDir(t)
  const work = async () => t.fail('must not begin')
  await t.rejects(inBenchDirectory(dir, work, Number.MAX_SAFE_INTEGER), { code: 'DISK_FULL', hint: /--dir/ })
  await t.rejects(inBenchDirectory(join(dir, 'none'), work), { code: 'DATA_DIR_UNUSABLE', message: /cannot measure in .*none/ })
  t.same(readdirSync(dir), [])
  await t.rejects(
    inBenchDirectory(dir, async (directory) => {
      await mkdir(join(directory, 'sub'))
      throw new Error('failed')
    }),
    { message: 'failed' },
  )
  t.same(readdirSync(dir), [])
})
