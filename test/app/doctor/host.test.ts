import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { directoryBytes } from '../../../src/app/doctor/directory-bytes.ts'
import { thisHost } from '../../../src/app/doctor/host.ts'
import { never } from './fake-host.ts'

test('files of this machine; what is not there is undefined', async (t) => {
  const dir = t.testdir({ a: 'text' })
  symlinkSync('a', join(dir, 'b'))
  t.equal(await thisHost.read(join(dir, 'a')), 'text')
  t.same((await thisHost.list(dir))?.toSorted(), ['a', 'b'])
  t.equal(await thisHost.link(join(dir, 'b')), 'a')
  t.match(await thisHost.stat(dir), { uid: process.getuid?.(), isDirectory: true })
  t.match(await thisHost.stat(join(dir, 'b')), { bytes: 4, isDirectory: false })
  t.ok(((await thisHost.disk(dir))?.freeBytes ?? 0) > 0)
  t.equal(await thisHost.mayWrite(dir), true)
  for (const gone of [join(dir, 'gone'), '\0']) {
    t.same(
      await Promise.all([thisHost.read(gone), thisHost.list(gone), thisHost.link(gone), thisHost.stat(gone), thisHost.disk(gone)]),
      Array(5).fill(undefined),
    )
    t.equal(await thisHost.mayWrite(gone), false)
  }
  t.ok(thisHost.addresses().includes('127.0.0.1'))
  t.ok(thisHost.memoryBytes() > 2 ** 20)
})

test('commands: output, status, none', async (t) => {
  t.same(await thisHost.run('sh', ['-c', 'printf "$1"', 'sh', 'a  b'], never), { status: 0, out: 'a  b' })
  t.match(await thisHost.run('sh', ['-c', 'echo x; exit 3'], never), { status: 3, out: 'x\n' })
  t.equal(await thisHost.run('no-such-command', [], never), undefined)
  t.equal(await thisHost.run('sh', ['-c', 'echo x'], AbortSignal.abort()), undefined)
})

test('bytes of a directory and what is below it', async (t) => {
  const dir = t.testdir({ a: '1234' })
  mkdirSync(join(dir, 'inner'))
  writeFileSync(join(dir, 'inner', 'b'), '56')
  symlinkSync(dir, join(dir, 'inner', 'loop'))
  t.equal(await directoryBytes(dir, never), 6)
  t.equal(await directoryBytes(join(dir, 'gone'), never), 0)
  t.equal(await directoryBytes(dir, AbortSignal.abort()), 0)
})
