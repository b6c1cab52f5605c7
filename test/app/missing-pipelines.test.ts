import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { MissingPipelines } from '../../src/app/missing-pipelines.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { PipelineSpec } from '../../src/pipeline/supervisor.ts'
import { Backoff } from '../../src/retry/backoff.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const taken = new RelayError('PORT_IN_USE', 'port 1 is taken')

function spec(name: string): PipelineSpec {
  return {
    name,
    identity: name,
    build: () => {
      throw new Error('not built here')
    },
  }
}

function subject(start: (spec: PipelineSpec) => Promise<void>, initialMs = 1) {
  const logger = new RecordingLogger()
  return { logger, missing: new MissingPipelines({ start, logger, backoff: () => new Backoff({ initialMs, maxMs: 300_000 }, () => 0) }) }
}

test('each is tried until it runs', async (t) => {
  const tries = { a: 0, b: 0 }
  const { missing, logger } = subject(async ({ name }) => {
    tries[name as 'a' | 'b']++
    if (name === 'a' ? tries.a < 3 : tries.b < 2) throw new RelayError('PORT_IN_USE', `try ${tries[name as 'a' | 'b']}`)
  })
  missing.pursue([
    { spec: spec('a'), error: taken },
    { spec: spec('b'), error: taken },
  ])
  t.same(missing.names, ['a', 'b'])
  t.match(missing.reasons[0], /pipeline a does not run and is tried again: port 1 is taken/)
  while (missing.names.length > 1) await turn()
  t.match(missing.reasons, [/pipeline a .*: try 2/], 'the latest reason is told')
  while (missing.names.length > 0) await turn()
  t.same(tries, { a: 3, b: 2 })
  t.same(
    logger.lines.filter(({ level }) => level === 'info').map(({ fields }) => fields.pipeline),
    ['b', 'a'],
  )
  await missing.stop()
})

test('clear ends the wait and the try under way, and another configuration can be pursued', async (t) => {
  const trying = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const started: string[] = []
  const { missing } = subject(async ({ name }) => {
    begun.resolve()
    if (name === 'slow') await trying.promise
    started.push(name)
  })
  missing.pursue([
    { spec: spec('slow'), error: taken },
    { spec: spec('never'), error: taken },
  ])
  await begun.promise
  const cleared = missing.clear()
  trying.resolve()
  await cleared
  t.same(started, ['slow'])
  t.same(missing.names, [])
  missing.pursue([{ spec: spec('next'), error: taken }])
  while (missing.names.length > 0) await turn()
  t.same(started, ['slow', 'next'])
  await missing.stop()
})

test('a stop does not wait for the back-off', async (t) => {
  const { missing } = subject(async () => {}, 300_000)
  missing.pursue([{ spec: spec('a'), error: taken }])
  await missing.stop()
  t.same(missing.names, [])
})
