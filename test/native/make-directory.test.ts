import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { makeDirectory } from '../../src/native/make-directory.ts'

test('a directory and those above it; what is there is left as it is', async (t) => {
  const dir = t.testdir({})
  await makeDirectory(join(dir, 'a/b/c'), 0o700)
  t.strictSame(
    ['a', 'a/b', 'a/b/c'].map((name) => statSync(join(dir, name)).mode & 0o777),
    [0o700, 0o700, 0o700],
  )
  await makeDirectory(join(dir, 'a'), 0o750)
  t.equal(statSync(join(dir, 'a')).mode & 0o777, 0o700)
  await Promise.all(['x', 'y', 'z'].map((name) => makeDirectory(join(dir, 'shared/by', name))))
  mkdirSync(join(dir, 'there'))
  symlinkSync('there', join(dir, 'link'))
  await makeDirectory(join(dir, 'link'))
  await makeDirectory(join(dir, 'link/below'))
  t.ok(statSync(join(dir, 'there/below')).isDirectory())
})

test('what cannot be made is an error, and never an endless try', { timeout: 5000 }, async (t) => {
  const dir = t.testdir({})
  writeFileSync(join(dir, 'file'), '')
  symlinkSync('nowhere', join(dir, 'dangling'))
  await t.rejects(makeDirectory(join(dir, 'file')), { code: 'EEXIST' })
  await t.rejects(makeDirectory(join(dir, 'file/below')), { code: 'ENOTDIR' })
  await t.rejects(makeDirectory(join(dir, 'dangling')), { code: 'EEXIST' })
  await t.rejects(makeDirectory(join(dir, 'dangling/below')), { code: 'EEXIST' })
  // The kernel says of /proc what it says of a bind mount whose directory was removed: there is no such directory, in one that is there.
  await t.rejects(makeDirectory('/proc/nowhere/below'), { code: 'ENOENT' })
})
