import { chmodSync, readdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { preparePrivateDirectory } from '../../src/native/private-directory.ts'

const uid = process.geteuid?.() as number

test('what is missing is made, for this user alone', async (t) => {
  const path = join(t.testdir(), 'a/b')
  t.strictSame(preparePrivateDirectory(path, uid), { path: realpathSync(path) })
  t.equal(statSync(path).mode & 0o777, 0o700)
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
})

test('one that others can write to is none', async (t) => {
  const path = join(t.testdir({ a: {} }), 'a')
  chmodSync(path, 0o770)
  t.match(preparePrivateDirectory(path, uid), { wrong: 'can be written by other users (mode 770)' })
  chmodSync(path, 0o755)
  t.match(preparePrivateDirectory(path, uid), { path })
})

test('nor one below a directory in which others could put another into its place', async (t) => {
  const above = join(t.testdir({ above: { ours: {} } }), 'above')
  chmodSync(above, 0o777)
  chmodSync(join(above, 'ours'), 0o700)
  t.match(preparePrivateDirectory(join(above, 'ours'), uid), { wrong: `lies in ${above}, which other users can write to (mode 777)` })
  chmodSync(above, 0o1777)
  t.match(preparePrivateDirectory(join(above, 'ours'), uid), { path: join(above, 'ours') }, 'sticky: they cannot')
})

test('nothing is made below a directory that is none', async (t) => {
  const above = join(t.testdir({ above: {} }), 'above')
  chmodSync(above, 0o777)
  t.match(preparePrivateDirectory(join(above, 'a/b'), uid), { wrong: `lies in ${above}, which other users can write to (mode 777)` })
  t.strictSame(readdirSync(above), [])
})

test('nor one of somebody else', async (t) => {
  const path = join(t.testdir({ a: {} }), 'a')
  t.match(preparePrivateDirectory(path, uid + 1), { wrong: `belongs to user ${uid}, and this is user ${uid + 1}` })
})

test('a link is what it leads to', async (t) => {
  const dir = t.testdir({ open: {} })
  chmodSync(join(dir, 'open'), 0o777)
  symlinkSync('open', join(dir, 'link'))
  t.match(preparePrivateDirectory(join(dir, 'link'), uid), { wrong: /written by other users/ })
})

test('a file, and a place where nothing can be made', async (t) => {
  const dir = t.testdir()
  writeFileSync(join(dir, 'file'), '')
  t.match(preparePrivateDirectory(join(dir, 'file'), uid), { wrong: 'is not a directory' })
  t.match(preparePrivateDirectory(join(dir, 'file/below'), uid), { wrong: 'cannot be made or read (ENOTDIR)' })
  t.match(preparePrivateDirectory('/proc/nowhere/below', uid), { wrong: /cannot be made or read \((ENOENT|EACCES)\)/ })
})
