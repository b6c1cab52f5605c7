import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Aside } from '../../../src/queue/doctor/aside.ts'

t.test('copies of one repair lie together, and take the place of those of the repair before', async (t) => {
  const root = t.testdir({ queue: { CURRENT: 'base', LOCK: '', segments: { '000003': { CURRENT: 'third' }, '000004': {} } } })
  const directory = join(root, 'queue')
  const asides = () => readdirSync(root).filter((name) => name.startsWith('queue.damaged-'))
  mkdirSync(join(root, 'queue.damaged-20000101T000000000Z'))
  mkdirSync(join(root, 'queue-b.damaged-20000101T000000000Z'))
  const aside = new Aside(directory)
  t.equal(aside.path, undefined)
  await aside.copy(directory)
  await aside.copy(join(directory, 'segments', '000003'))
  t.equal(asides().length, 1, 'of this queue only the newest is kept')
  t.equal(readdirSync(root).length, 3)
  const path = aside.path ?? 'none'
  t.same(readdirSync(path).sort(), ['CURRENT', 'segments'])
  writeFileSync(join(directory, 'segments', '000003', 'CURRENT'), 'mended in vain')
  await aside.move(join(directory, 'segments', '000003'))
  t.equal(readFileSync(join(path, 'segments', '000003', 'CURRENT'), 'utf8'), 'mended in vain')
  t.same(readdirSync(join(directory, 'segments', '000003')), [])
  await aside.move(directory, 'segments')
  t.same(readdirSync(directory), ['segments'])
})

t.test('a repair that did not take place leaves nothing', async (t) => {
  const root = t.testdir({ queue: { CURRENT: 'base' } })
  const aside = new Aside(join(root, 'queue'))
  await aside.copy(join(root, 'queue'))
  await aside.drop(join(root, 'queue'))
  t.same(readdirSync(root), ['queue'])
  t.equal(aside.path, undefined)
})
