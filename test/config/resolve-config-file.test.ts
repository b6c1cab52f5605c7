import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { resolveConfigFile } from '../../src/config/resolve-config-file.ts'

t.test('--config first, then the system file, then the built-in configuration', async (t) => {
  const dir = t.testdir({ 'logrelay.yaml': '' })
  t.equal(await resolveConfigFile('mine.yaml', join(dir, 'logrelay.yaml')), 'mine.yaml')
  t.equal(await resolveConfigFile(undefined, join(dir, 'logrelay.yaml')), join(dir, 'logrelay.yaml'))
  t.equal(await resolveConfigFile(undefined, join(dir, 'none.yaml')), undefined)
  t.equal(await resolveConfigFile(undefined, join(dir, 'logrelay.yaml', 'none.yaml')), undefined)
})

t.test('a system file that is there but out of reach is no reason to run something else', async (t) => {
  const dir = t.testdir({})
  symlinkSync('loop', join(dir, 'loop'))
  await t.rejects(resolveConfigFile(undefined, join(dir, 'loop')), {
    code: 'CONFIG_INVALID',
    message: /cannot be read \(ELOOP\)/,
    hint: /--config/,
  })
})
