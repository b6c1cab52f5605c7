import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { type PipelineSpec, Supervisor } from '../../src/pipeline/supervisor.ts'
import { FakeQueue } from '../support/fake-queue.ts'
import { FakeSource } from '../support/fake-source.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const forever = () => new AbortController().signal
const unbounded = () => ({ leaving: forever(), deadline: forever() })

/** A spec whose pipeline writes `name:identity` with start and stop into `log`, and fails to start when `fails`. */
function spec(name: string, identity: string, log: string[], fails = false, queue = new FakeQueue()): PipelineSpec {
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
      queue,
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
  const changes = await supervisor.apply([spec('a', '1', log), spec('b', '2', log), spec('d', '1', log)], unbounded)
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

test('a pipeline that cannot be stopped in order keeps nobody from stopping, and is told', async (t) => {
  const log: string[] = []
  const logger = new RecordingLogger()
  const { build, ...rest } = spec('a', '1', log)
  const broken = () => {
    const pipeline = build()
    const fails = () => Promise.reject(new Error('a mistake'))
    return Object.assign(pipeline, { leave: fails, stop: fails })
  }
  const supervisor = new Supervisor([{ ...rest, build: broken }, spec('b', '1', log)], logger)
  await supervisor.start()
  await supervisor.leave(forever())
  await supervisor.stop(forever())
  t.same(log, ['start a:1', 'start b:1', 'stop b:1'])
  t.same(logger.messages('error'), ['the pipeline could not be stopped in order', 'the pipeline could not be stopped in order'])
})

test('what is removed is drained, what is replaced is not', async (t) => {
  const drained: Record<string, boolean | undefined> = {}
  const watched = (name: string, identity: string): PipelineSpec => {
    const { build, ...rest } = spec(name, identity, [])
    return {
      ...rest,
      build: () => {
        const pipeline = build()
        const stop = pipeline.stop.bind(pipeline)
        pipeline.stop = (deadline, options) => {
          drained[name] = options?.drain ?? true
          return stop(deadline, options)
        }
        return pipeline
      },
    }
  }
  const supervisor = new Supervisor([watched('removed', '1'), watched('replaced', '1')], new RecordingLogger())
  await supervisor.start()
  await supervisor.apply([watched('replaced', '2')], unbounded)
  t.same(drained, { removed: true, replaced: false })
  await supervisor.stop(forever())
})

test('a pipeline that can start in no form is told to be down', async (t) => {
  const old = spec('a', '1', [])
  let builds = 0
  // The old form works once: somebody else has taken its port meanwhile.
  const once = { ...old, build: () => (builds++ === 0 ? old : spec('a', '1', [], true)).build() }
  const supervisor = new Supervisor([once], new RecordingLogger())
  await supervisor.start()
  t.match(await supervisor.apply([spec('a', '2', [], true)], unbounded), { failed: [{ name: 'a', running: false }] })
  t.same(supervisor.status(), {})
})

test('a pipeline whose new form cannot start goes on in its old one', async (t) => {
  const log: string[] = []
  const supervisor = new Supervisor([spec('a', '1', log)], new RecordingLogger())
  await supervisor.start()
  log.length = 0
  const changes = await supervisor.apply([spec('a', '2', log, true)], unbounded)
  t.match(changes, { restarted: [], failed: [{ name: 'a', error: { code: 'PORT_IN_USE' }, running: true }] })
  t.same(log, ['stop a:1', 'start a:1'])
  t.equal(supervisor.status().a?.ready, true)
  await supervisor.stop(forever())
})

test('what waits in the queue of a removed pipeline is told', async (t) => {
  const [full, empty] = [new FakeQueue(), new FakeQueue()]
  full.fill = 777
  const logger = new RecordingLogger()
  const supervisor = new Supervisor([spec('full', '1', [], false, full), spec('empty', '1', [], false, empty)], logger)
  await supervisor.start()
  await supervisor.apply([], unbounded)
  t.match(logger.lines, [{ level: 'warn', fields: { pipeline: 'full', messages: 777 } }])
  t.equal(logger.lines.length, 1)
})

test('while a pipeline is being replaced it is shown, and not ready', async (t) => {
  const supervisor = new Supervisor([spec('a', '1', [])], new RecordingLogger())
  await supervisor.start()
  let meanwhile: ReturnType<Supervisor['status']> = {}
  const { build, ...rest } = spec('a', '2', [])
  const looking = () => {
    meanwhile = supervisor.status()
    return build()
  }
  await supervisor.apply([{ ...rest, build: looking }], unbounded)
  t.match(meanwhile, { a: { ready: false, reasons: ['the pipeline is not running: its ports are closed'] } })
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
