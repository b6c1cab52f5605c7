import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { loadConfig, readConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { checkTlsFiles } from '../../src/config/tls-files.ts'
import { matchAll } from './match-all.ts'

const one = await generate([{ name: 'commonName', value: 'one' }], { keyType: 'ec' })
const two = await generate([{ name: 'commonName', value: 'two' }], { keyType: 'ec' })
const rest = 'sinks: { f: { type: file } }\npipelines: { p: { source: { type: syslog }, sinks: [f] } }\n'

async function check(t: Test, tls: string, files: Record<string, string>): Promise<string[]> {
  const dir = t.testdir({ ...files, 'f.yaml': '' })
  writeFileSync(join(dir, 'f.yaml'), `tls: { ${tls.replaceAll('@', `${dir}/`)} }\n${rest}`)
  const result = await readConfig(join(dir, 'f.yaml'))
  return (result.ok ? result.warnings : result.problems).map(
    ({ severity, path, message }) => `${severity} ${path} ${message.replaceAll(`${dir}/`, '@')}`,
  )
}

const pair = 'cert_file: "@cert.pem", key_file: "@key.pem"'

t.test('a good pair', async (t) => {
  t.same(await check(t, `${pair}, client_ca_file: "@cert.pem"`, { 'cert.pem': one.cert, 'key.pem': one.private }), [])
})

t.test('files that are missing, wrong or do not belong together', async (t) => {
  t.same(await check(t, pair, { 'cert.pem': one.cert }), ['error tls.key_file @key.pem cannot be read (ENOENT)'])
  t.same(await check(t, pair, { 'cert.pem': 'x', 'key.pem': 'y' }), [
    'error tls.cert_file @cert.pem holds no certificate in PEM',
    'error tls.key_file @key.pem holds no private key in PEM that can be used without a passphrase',
  ])
  t.same(await check(t, pair, { 'cert.pem': one.cert, 'key.pem': two.private }), [
    'error tls.key_file is not the key of the certificate in @cert.pem',
  ])
  t.same(await check(t, 'client_ca_file: "@nowhere.pem"', {}), ['error tls.client_ca_file @nowhere.pem cannot be read (ENOENT)'])
})

t.test('a certificate that has expired is a warning', async (t) => {
  const dir = t.testdir({ 'cert.pem': one.cert, 'key.pem': one.private, 'f.yaml': '' })
  writeFileSync(join(dir, 'f.yaml'), `tls: { cert_file: ${dir}/cert.pem, key_file: ${dir}/key.pem }\n${rest}`)
  const { config }: { config: Config } = await loadConfig(join(dir, 'f.yaml'))
  const found: unknown[] = []
  await checkTlsFiles(config, (...problem) => found.push(problem), Date.UTC(2200, 0))
  matchAll(t, found, [['warning', ['tls', 'cert_file'], /^the certificate expired on 20\d\d-\d\d-\d\d$/]])
})

t.test('sections of sources and sinks are looked at as well', async (t) => {
  const dir = t.testdir({
    'f.yaml': `sinks: { s: { type: syslog, endpoints: ["tls://a"], tls: { ca_file: /none/a.pem } } }
pipelines: { p: { source: { type: syslog, tls: { client_ca_file: /none/b.pem } }, sinks: [s] } }
`,
  })
  const result = await readConfig(join(dir, 'f.yaml'))
  t.match(result, {
    ok: false,
    problems: [
      { path: 'sinks.s.tls.ca_file', line: 1 },
      { path: 'pipelines.p.source.tls.client_ca_file', line: 2 },
    ],
  })
})

t.test('a command beside the service does not see its credentials', async (t) => {
  const file = '/run/credentials/logrelay.service/none.pem'
  const dir = t.testdir({ 'f.yaml': `tls: { cert_file: ${file}, key_file: ${file} }\n${rest}` })
  const beside = await readConfig(join(dir, 'f.yaml'), { beside: true })
  t.ok(beside.ok)
  if (beside.ok) t.match(beside.warnings, [{ severity: 'warning', message: /is not seen here/ }, { path: 'tls.key_file' }])
  t.notOk((await readConfig(join(dir, 'f.yaml'))).ok, 'the relay itself must see them')
})
