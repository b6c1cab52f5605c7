import { spawnSync } from 'node:child_process'
import { lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { compressed, layOut } from '../../../packaging/packages/files.ts'
import { script } from '../../../packaging/packages/scripts.ts'

test('files are laid out with their modes, whatever the umask says', async (t) => {
  const dir = t.testdir()
  writeFileSync(join(dir, 'source'), 'copied', { mode: 0o600 })
  const before = process.umask(0o077)
  try {
    layOut(
      [
        { path: '/usr/lib/x/program', content: { from: join(dir, 'source') }, executable: true },
        { path: '/usr/bin/program', content: { link: '../lib/x/program' } },
        { path: '/etc/x/x.yaml', content: { text: '# nothing\n' }, configuration: true },
      ],
      join(dir, 'tree'),
    )
  } finally {
    process.umask(before)
  }
  const at = (path: string) => join(dir, 'tree', path)
  t.equal(readFileSync(at('usr/bin/program'), 'utf8'), 'copied')
  t.equal(readlinkSync(at('usr/bin/program')), '../lib/x/program')
  t.equal(lstatSync(at('usr/lib/x/program')).mode & 0o777, 0o755)
  t.equal(lstatSync(at('etc/x/x.yaml')).mode & 0o777, 0o644)
  for (const path of ['usr', 'usr/lib', 'usr/lib/x', 'etc/x']) t.equal(lstatSync(at(path)).mode & 0o777, 0o755, path)
})

test('what is compressed is the same bytes each time, without a time in it', async (t) => {
  const { bytes } = compressed('a page')
  t.equal(gunzipSync(bytes).toString(), 'a page')
  t.strictSame([...bytes.subarray(4, 8)], [0, 0, 0, 0], 'MTIME (RFC 1952, 2.3.1)')
})

test('the scripts of the packages are ones of any shell', async (t) => {
  for (const name of ['after-install', 'before-remove', 'after-remove'] as const) {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: script(name), encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''], name)
  }
})
