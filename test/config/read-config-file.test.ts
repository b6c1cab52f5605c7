import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { maxConfigBytes, readConfigFile } from '../../src/config/read-config-file.ts'

t.test('reads text, a byte order mark left out', async (t) => {
  const dir = t.testdir({ 'a.yaml': '\uFEFFa: ü\n' })
  t.same(await readConfigFile(join(dir, 'a.yaml')), { text: 'a: ü\n' })
})

t.test('what cannot be a configuration', async (t) => {
  const dir = t.testdir({ empty: '', 'large.yaml': '#'.repeat(maxConfigBytes + 1), 'just.yaml': '#'.repeat(maxConfigBytes), file: 'x' })
  writeFileSync(join(dir, 'binary'), Buffer.from('a: 1\nb: \0'))
  writeFileSync(join(dir, 'latin1'), Buffer.from('a: 1\nb: 2\nc: \xfc', 'latin1'))
  writeFileSync(join(dir, 'utf16'), Buffer.from('a: 1', 'utf16le'))
  t.same(await readConfigFile(join(dir, 'empty')), { text: '' })
  t.match(await readConfigFile(join(dir, 'large.yaml')), { message: 'is larger than 1MiB' })
  t.match(await readConfigFile(join(dir, 'just.yaml')), { text: /^#/ })
  t.match(await readConfigFile(join(dir, 'binary')), { line: 2, message: /NUL byte/ })
  t.match(await readConfigFile(join(dir, 'utf16')), { line: 1, message: /UTF-16/ })
  t.match(await readConfigFile(join(dir, 'latin1')), { line: 3, message: 'holds bytes that are not UTF-8' })
  t.match(await readConfigFile(dir), { message: 'is a directory' })
  await t.rejects(readConfigFile(join(dir, 'none')), { code: 'CONFIG_NOT_FOUND' })
  await t.rejects(readConfigFile(join(dir, 'file', 'none')), { code: 'CONFIG_NOT_FOUND' })
})
