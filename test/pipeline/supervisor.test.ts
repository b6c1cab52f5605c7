import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { type PipelineSpec, Supervisor } from '../../src/pipeline/supervisor.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource } from '../support/fake-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const forever = () => new AbortController().signal

/** A spec whose pipeline writes `name:identity` with start and stop into `log`, and fails to start when `fails`. */
function spec(name: string, identity: string, log: string[], fails = false): PipelineSpec {
  const build = () => {
    const source = new FakeSource()
    source.start = async () => {
      if (fails) throw new RelayError('PORT_IN_USE', 'taken')
      log.push(`start ${name}:${identity}`)
    }
    source.stop = async () => void log.push(`stop ${name}:${identity}`)
    return new Pipeline({
      name,
      device: name,
      foundations: [],
      source,
      queue: new FakeQueue(),
      deliveries: new Map(),
      logger: new RecordingLogger(),
    })
  }
  return { name, identity, build }
}

test('a reload touches only what changed', async (t) => {
  const log: string[] = []
  const supervisor = new Supervisor([spec('a', '1', log), spec('b', '1', log), spec('c', '1', log)], new RecordingLogger())
  await supervisor.start()
  const untouched = supervisor.get('a')
  log.length = 0
  const changes = await supervisor.apply([spec('a', '1', log), spec('b', '2', log), spec('d', '1', log)], forever)
  t.same(changes, { started: ['d'], stopped: ['c'], restarted: ['b'], failed: [] })
  t.same(log, ['stop b:1', 'stop c:1', 'start b:2', 'start d:1'])
  t.equal(supervisor.get('a'), untouched)
  t.same(Object.keys(supervisor.status()).sort(), ['a', 'b', 'd'])
  await supervisor.stop(forever())
  t.same(
    Object.values(supervisor.status()).map(({ ready }) => ready),
    [false, false, false],
    'what has stopped is still shown, and is not ready',
  )
})

test('a pipeline whose new form cannot start goes on in its old one', async (t) => {
  const log: string[] = []
  const supervisor = new Supervisor([spec('a', '1', log)], new RecordingLogger())
  await supervisor.start()
  log.length = 0
  const changes = await supervisor.apply([spec('a', '2', log, true)], forever)
  t.match(changes, { restarted: [], failed: [{ name: 'a', error: { code: 'PORT_IN_USE' } }] })
  t.same(log, ['stop a:1', 'start a:1'])
  t.equal(supervisor.status().a?.ready, true)
  await supervisor.stop(forever())
})

test('when one pipeline cannot start, none is left running', async (t) => {
  const log: string[] = []
  const supervisor = new Supervisor([spec('a', '1', log), spec('b', '1', log, true)], new RecordingLogger())
  await t.rejects(supervisor.start(), { code: 'PORT_IN_USE' })
  t.same(log, ['start a:1', 'stop a:1'])
  t.equal(supervisor.status().a?.ready, false)
})
