import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { inspectStore } from '../../../src/queue/level-files/inspect.ts'
import { openLevel, writeBuffers } from '../../../src/queue/leveldb.ts'
import { shortDir } from '../../support/short-dir.ts'

t.test('what a plain open would lose in silence is seen before', async (t) => {
  const root = shortDir(t)
  const original = join(root, 'original')
  const db = await openLevel(original, writeBuffers.base, { createIfMissing: true })
  for (let i = 0; i < 30; i++)
    await db.batch([{ type: 'put', key: Buffer.from(`key${i}`), value: Buffer.alloc(30_000, i) }], { sync: false })
  await db.compactRange(Buffer.from('z'), Buffer.from('z'))
  await db.batch([{ type: 'put', key: Buffer.from('last'), value: Buffer.alloc(50_000, 1) }], { sync: false })
  await db.close()
  t.same(await inspectStore(original), { state: 'sound', reasons: [] })

  let copies = 0
  const after = async (kind: RegExp, damage: (path: string) => void) => {
    const copy = join(root, `copy-${copies++}`)
    mkdirSync(copy)
    for (const name of readdirSync(original)) copyFileSync(join(original, name), join(copy, name))
    const name = readdirSync(copy).find((found) => kind.test(found))
    damage(join(copy, name ?? 'none'))
    return (await inspectStore(copy)).reasons.join()
  }
  const flip = (path: string) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
  const shorten = (path: string) => truncateSync(path, readFileSync(path).length - 3)
  t.equal(await after(/^CURRENT$/, rmSync), 'CURRENT is missing')
  t.equal(await after(/^CURRENT$/, shorten), 'CURRENT does not name a MANIFEST')
  t.match(await after(/^MANIFEST/, rmSync), /^MANIFEST-\d+ is missing$/)
  t.match(await after(/^MANIFEST/, shorten), /^MANIFEST-\d+ is torn$/)
  t.match(await after(/^MANIFEST/, flip), /^MANIFEST-\d+ is damaged$/)
  t.match(await after(/^MANIFEST/, (path) => truncateSync(path, 0)), /^MANIFEST-\d+ makes no sense$/)
  t.match(await after(/\.ldb$/, rmSync), /^\d+\.ldb is missing$/)
  t.match(await after(/\.ldb$/, shorten), /^\d+\.ldb has \d+ bytes instead of \d+$/)
  t.match(await after(/\.ldb$/, (path) => appendFileSync(path, 'x')), /^\d+\.ldb has \d+ bytes instead of \d+$/)
  t.match(await after(/\.log$/, rmSync), /^\d+\.log is missing$/)
  t.match(await after(/\.log$/, flip), /^\d+\.log is damaged$/)
  t.equal(await after(/\.log$/, shorten), '', 'a torn end is what a kill leaves')
  t.same(await inspectStore(shortDir(t)), { state: 'new', reasons: [] })
})
