import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { dropInName, readBySystemd, reload, type Systemd, writeDropIn } from '../../../src/app/unit/write-drop-in.ts'

const elsewhere: Systemd = { runs: () => true, reload: async () => t.fail('a directory that systemd does not read') as never }

t.test('what differs is written as a whole, readable for all', async (t) => {
  const directory = join(t.testdir({}), 'new', 'logrelay.service.d')
  const file = join(directory, dropInName)
  t.same(await writeDropIn('one\n', directory, elsewhere), { file, written: true, reload: 'no' })
  t.equal(await readFile(file, 'utf8'), 'one\n')
  t.equal((await stat(file)).mode & 0o777, 0o644)
  const before = await stat(file, { bigint: true })
  t.same(await writeDropIn('one\n', directory, elsewhere), { file, written: false, reload: 'no' })
  t.equal((await stat(file, { bigint: true })).ino, before.ino, 'the same file')
  t.same(await writeDropIn('two\n', directory, elsewhere), { file, written: true, reload: 'no' })
  t.not((await stat(file, { bigint: true })).ino, before.ino, 'another file in its place')
  t.same(await readdir(directory), [dropInName], 'nothing is left beside it')
})

t.test('the mask of who runs it does not count', async (t) => {
  const mask = process.umask(0o077)
  t.teardown(() => process.umask(mask))
  const { file } = await writeDropIn('text', t.testdir({}), elsewhere)
  t.equal((await stat(file)).mode & 0o777, 0o644)
})

t.test('a link is replaced and not followed', async (t) => {
  const directory = t.testdir({ target: 'precious' })
  await symlink(join(directory, 'target'), join(directory, dropInName))
  t.match(await writeDropIn('text', directory, elsewhere), { written: true })
  t.equal(await readFile(join(directory, 'target'), 'utf8'), 'precious')
})

t.test('what stands in the way', async (t) => {
  const directory = t.testdir({ file: 'x' })
  await t.rejects(writeDropIn('text', join(directory, 'file', 'd'), elsewhere), { code: 'FILE_UNWRITABLE', hint: /directory/ })
  await mkdir(join(directory, dropInName))
  await t.rejects(writeDropIn('text', directory, elsewhere), { code: 'FILE_UNWRITABLE' })
  t.same((await readdir(directory)).toSorted(), [dropInName, 'file'], 'nothing is left beside it')
  // A file system without any write, for root as well.
  await t.rejects(writeDropIn('text', '/proc/logrelay', elsewhere), {
    code: 'FILE_UNWRITABLE',
    message: /^cannot write \/proc\/logrelay\//,
  })
})

t.test('without the right to write', async (t) => {
  const asRoot = process.geteuid?.() === 0
  if (asRoot) process.seteuid?.(65_534)
  try {
    const denied = { code: 'FILE_UNWRITABLE', hint: /sudo logrelay unit --write/ }
    await t.rejects(writeDropIn('text', '/etc/logrelay-unit-test', elsewhere), denied)
  } finally {
    if (asRoot) process.seteuid?.(0)
  }
})

t.test('a file that cannot be read is said, too', async (t) => {
  const directory = t.testdir({})
  await symlink(dropInName, join(directory, dropInName))
  await t.rejects(writeDropIn('text', directory, elsewhere), { code: 'FILE_UNWRITABLE' })
})

t.test('systemd reads it, where it runs and would', async (t) => {
  const failing: Systemd = { runs: () => true, reload: async () => 'Connection refused' }
  const asleep: Systemd = { runs: () => false, reload: async () => t.fail('no systemd') as never }
  t.equal(readBySystemd('/etc/systemd/system/logrelay.service.d'), true)
  t.equal(readBySystemd('/run/systemd/system/logrelay.service.d/'), true)
  t.equal(readBySystemd('/image/etc/systemd/system/logrelay.service.d'), false)
  t.equal(readBySystemd('/etc/systemd/system'), false)
  t.same(await reload(failing), { failure: 'Connection refused' })
  t.equal(await reload({ ...failing, reload: async () => undefined }), 'yes')
  t.equal(await reload(asleep), 'no')
})
