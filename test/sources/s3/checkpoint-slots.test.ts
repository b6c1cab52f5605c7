import { type Test, test } from 'tap'
import { objectId } from '../../../src/protocols/s3/object-id.ts'
import { encodeProgress, type ObjectProgress } from '../../../src/protocols/s3/object-progress.ts'
import { emptySlots, slotName, takeOverSlots } from '../../../src/sources/s3/checkpoint-slots.ts'
import { ReadObjects } from '../../../src/sources/s3/read-objects.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { temporaryDirectory } from '../../support/running-s3-source.ts'
import { S3Disk, S3Intake } from '../../support/s3-intake.ts'

const horizonS = 1000

/** A source that was stopped with this in its first slot. */
async function stopped(t: Test, progress: ObjectProgress) {
  const read = new ReadObjects(temporaryDirectory(t), { server: '', bucket: 'logs', prefix: '' }, new RecordingLogger())
  await read.open()
  t.teardown(() => read.close())
  await read.setScope({ horizonS, started: true })
  const disk = new S3Disk()
  disk.checkpoints.set(slotName(0), encodeProgress(progress))
  const { key, etag } = progress.object
  return { read, intake: new S3Intake(disk), id: objectId('logs', key, etag) }
}

function begun(modifiedS: number, more: Partial<ObjectProgress> = {}): ObjectProgress {
  const object = { bucket: 'logs', key: 'a.log', etag: 'e', size: 500, modifiedS }
  return { object, resume: { offset: 100, messages: 10 }, done: false, tries: 1, ...more }
}

test('what a slot tells is kept, and the slot is emptied then', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS))
  const used = await takeOverSlots(intake, read)
  t.strictSame(used, [slotName(0)])
  t.match(await read.parkedProgress(id), { resume: { offset: 100 }, tries: 1 })
  await emptySlots(used, intake, new AbortController().signal)
  t.strictSame(await takeOverSlots(intake, read), [])
})

test('an object that another worker has finished since is not begun again', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS))
  await read.note([{ id, modifiedS: horizonS }])
  await takeOverSlots(intake, read)
  t.equal(await read.parkedProgress(id), undefined)
})

test('nor is it when it is so long ago that the object is behind the horizon', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS - 1))
  await read.note([{ id, modifiedS: horizonS - 1 }])
  await read.forgetBefore(horizonS)
  await takeOverSlots(intake, read)
  t.equal(await read.parkedProgress(id), undefined)
})

test('what one slot calls done is not begun again for what another tells from before', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS, { done: true, tries: 5 }))
  intake.disk.checkpoints.set(slotName(1), encodeProgress(begun(horizonS)))
  await takeOverSlots(intake, read)
  t.match(await read.parkedProgress(id), { done: true, tries: 5 })
})

test('one that was done and is wanted again is not done', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS, { done: true }))
  intake.disk.checkpoints.set(slotName(1), encodeProgress(begun(horizonS, { again: 1 })))
  await takeOverSlots(intake, read)
  t.match(await read.parkedProgress(id), { done: false, again: 1 })
})

test('an old object that waits to be tried again goes on at the further place', async (t) => {
  const { read, intake, id } = await stopped(t, begun(horizonS - 1, { again: 1 }))
  await read.park(id, begun(horizonS - 1, { again: 1, resume: { offset: 50, messages: 5 } }))
  await takeOverSlots(intake, read)
  t.match(await read.parkedProgress(id), { resume: { offset: 100 }, again: 1 })
})
