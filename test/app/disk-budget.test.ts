import { test } from 'tap'
import { diskBudgetWarning } from '../../src/app/disk-budget.ts'
import { fileSink, pipeline } from '../support/relay-config.ts'
import { parsedConfig } from '../support/relay-in-process.ts'

const tebibyte = 2 ** 40

test('limits that the disk cannot hold are a warning with the numbers', async (t) => {
  const dir = t.testdir()
  const large = { max_size: '5000TiB' }
  const pipelines = { one: pipeline(['file'], { queue: large }), two: pipeline(['file'], { queue: { max_size: '3000TiB' } }) }
  const config = parsedConfig(dir, { sinks: { file: fileSink() }, pipelines, min_free_disk: '0.25GiB' })
  const warning = await diskBudgetWarning(config, 3 * 2 ** 29)
  // 8,000 TiB, a third more, and min_free_disk.
  t.match(warning, 'the queues may need 10922666.92 GiB (limits of 8192000.00 GiB')
  t.match(warning, `but ${dir} has `)
  t.match(warning, 'and the queues hold 1.50 GiB')
})

test('what the queues hold already counts as room for them', async (t) => {
  const pipelines = { one: pipeline(['file'], { queue: { max_size: '3000TiB' } }) }
  const config = parsedConfig(t.testdir(), { sinks: { file: fileSink() }, pipelines, min_free_disk: '1B' })
  t.match(await diskBudgetWarning(config, 3999 * tebibyte - 500 * tebibyte), /may need/)
  t.equal(await diskBudgetWarning(config, 4000 * tebibyte), undefined)
})

test('min_free_disk is needed beside the limits', async (t) => {
  const pipelines = { one: pipeline(['file'], { queue: { max_size: '1B' } }) }
  const config = { sinks: { file: fileSink() }, pipelines }
  t.equal(await diskBudgetWarning(parsedConfig(t.testdir(), { ...config, min_free_disk: '1B' }), 0), undefined)
  t.match(await diskBudgetWarning(parsedConfig(t.testdir(), { ...config, min_free_disk: '3000TiB' }), 0), /may need/)
})
