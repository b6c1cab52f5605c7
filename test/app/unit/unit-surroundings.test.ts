import { join } from 'node:path'
import t from 'tap'
import { unitSurroundings } from '../../../src/app/unit/unit-surroundings.ts'
import { configSchema } from '../../../src/config/schema.ts'

t.test('directories that are missing, and the memory of this host', async (t) => {
  const directory = t.testdir({ there: {}, file: '' })
  const sinks = {
    there: { type: 'file', path: join(directory, 'there', 'l') },
    missing: { type: 'file', path: join(directory, 'missing', 'l') },
    below: { type: 'file', path: join(directory, 'file', 'below', 'l') },
  }
  const pipelines = { p: { source: { type: 'syslog' }, sinks: Object.keys(sinks) } }
  const { missing, memoryBytes } = await unitSurroundings(configSchema.parse({ data_dir: '/var/lib/logrelay', sinks, pipelines }))
  t.same(
    missing.map(({ key }) => key),
    ['sinks.missing.path', 'sinks.below.path'],
  )
  t.ok(memoryBytes > 2 ** 26 && Number.isInteger(memoryBytes))
})
