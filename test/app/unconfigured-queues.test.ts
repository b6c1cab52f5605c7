import { test } from 'tap'
import { unconfiguredQueueWarnings } from '../../src/app/unconfigured-queues.ts'
import { fileSink, oneSink } from '../support/relay-config.ts'
import { parsedConfig } from '../support/relay-in-process.ts'

test('queues that no pipeline uses, and damaged ones that were set aside, are named', async (t) => {
  const dir = t.testdir({ queues: { main: {}, gone: {}, 'main.damaged-2026-11-21T12-00-00Z': {}, 'a-file': '' } })
  const warnings = await unconfiguredQueueWarnings(parsedConfig(dir, oneSink(fileSink())))
  t.equal(warnings.length, 2)
  t.match(
    warnings.find((warning) => warning.includes('/gone ')),
    /belongs to no configured pipeline: add pipeline gone again/,
  )
  t.match(
    warnings.find((warning) => warning.includes('main.damaged-')),
    /is a damaged queue that was set aside/,
  )
})

test('a name that every object has is no pipeline', async (t) => {
  const dir = t.testdir({ queues: { constructor: {} } })
  t.match(await unconfiguredQueueWarnings(parsedConfig(dir, oneSink(fileSink()))), [/add pipeline constructor again/])
})
