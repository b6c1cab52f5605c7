import { test } from 'tap'
import { ReadObjects } from '../../../src/sources/s3/read-objects.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { temporaryDirectory } from '../../support/running-s3-source.ts'

const scope = { server: '', bucket: 'logs', prefix: '' }

test('what waits to be written is written before it is closed, and nothing is taken afterwards', async (t) => {
  const directory = temporaryDirectory(t)
  const one = new ReadObjects(directory, scope, new RecordingLogger())
  await one.open()
  const ids = ['a', 'b', 'c']
  const notes = ids.map((id) => one.note([{ id, modifiedS: 5 }]))
  one.giveUp()
  notes.push(one.note([{ id: 'd', modifiedS: 5 }]))
  await one.close()
  t.same(await Promise.all(notes), [true, true, true, false])
  const two = new ReadObjects(directory, scope, new RecordingLogger())
  await two.open()
  t.teardown(() => two.close())
  t.same([...(await two.known([...ids, 'd'])).keys()], ids)
})
