import { join } from 'node:path'
import t from 'tap'
import { readOutline } from '../../src/config/outline.ts'

t.test('data_dir and pipelines are found in a file with mistakes', async (t) => {
  const dir = t.testdir({
    'f.yaml': 'data_dir: /srv/relay\nzebra: 1\ntls: { cert_file: /none }\npipelines: { a: 5, b: { } }\n',
    'empty.yaml': '',
    'bad.yaml': 'a: [',
    'wrong.yaml': 'data_dir: [1]',
  })
  t.same(await readOutline(join(dir, 'f.yaml')), { dataDir: '/srv/relay', pipelines: ['a', 'b'] })
  t.same(await readOutline(join(dir, 'empty.yaml')), { dataDir: '/var/lib/logrelay', pipelines: [] })
  await t.rejects(readOutline(join(dir, 'bad.yaml')), { code: 'CONFIG_INVALID', message: /bad.yaml:1:/ })
  await t.rejects(readOutline(join(dir, 'wrong.yaml')), { code: 'CONFIG_INVALID', message: /data_dir/ })
  await t.rejects(readOutline(join(dir, 'none.yaml')), { code: 'CONFIG_NOT_FOUND' })
  await t.rejects(readOutline(dir), { code: 'CONFIG_INVALID', message: /is a directory/ })
})

t.test('the built-in configuration has one as well', async (t) => {
  t.same(await readOutline(undefined), { dataDir: './data', pipelines: ['nginx'] })
})
