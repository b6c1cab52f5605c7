import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readConfiguration } from '../../../src/app/doctor/read-configuration.ts'
import { shortDir } from '../../support/short-dir.ts'
import { lines } from './fake-host.ts'

const good = 'data_dir: /srv/relay\nsinks: { f: { type: file } }\npipelines: { p: { source: { type: syslog, port: 514 }, sinks: [f] } }\n'

test('a configuration that can be used, its warnings below it', async (t) => {
  const dir = t.testdir({ 'good.yaml': good, 'warns.yaml': `min_free_disk: 1KiB\n${good}` })
  const { config, dataDir, findings } = await readConfiguration(join(dir, 'good.yaml'), 1000)
  t.equal(config?.data_dir, '/srv/relay')
  t.equal(dataDir, '/srv/relay')
  // That ports below 1024 need a privilege is looked at with the rights of the service, whoever runs this test.
  t.same(lines(findings), [`ok ${dir}/good.yaml: can be used: 1 pipeline, 1 sink`])
  const warns = await readConfiguration(join(dir, 'warns.yaml'), 0)
  t.match(lines(warns.findings), [/^ok/, /^warning .*warns\.yaml:1:\d+: min_free_disk: is little/])
})

test('mistakes, as check tells them', async (t) => {
  const dir = t.testdir({ 'bad one.yaml': `zebra: 1\n${good}`, 'empty.yaml': '', 'broken.yaml': 'a: [' })
  const bad = await readConfiguration(join(dir, 'bad one.yaml'), 0)
  t.equal(bad.config, undefined)
  t.equal(bad.dataDir, '/srv/relay', 'is known all the same')
  const [total, first] = lines(bad.findings)
  t.equal(
    total,
    `problem ${dir}/bad one.yaml: 1 error, 0 warnings: the relay does not start with it, and one that runs refuses to load it $ logrelay check --config '${dir}/bad one.yaml'`,
  )
  t.match(first, /^problem .*bad one\.yaml:1:1: .*zebra/)
  for (const name of ['empty.yaml', 'broken.yaml', 'gone.yaml', '.']) {
    const { config, findings } = await readConfiguration(join(dir, name), 0)
    t.equal(config, undefined)
    t.match(lines(findings)[0], /^problem /, name)
  }
})

/** Root may read everything: for a while the rights of nobody hold. */
async function asSomebody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

test('files that this user may not read do not make a configuration unusable', async (t) => {
  const dir = shortDir(t)
  chmodSync(dir, 0o755)
  const [secret, yaml] = [join(dir, 'secret'), join(dir, 'relay.yaml')]
  writeFileSync(secret, 'x', { mode: 0 })
  writeFileSync(yaml, `${good}tls: { cert_file: ${secret}, key_file: ${secret} }\n`)
  const { config, findings } = await asSomebody(() => readConfiguration(yaml, 65_534))
  t.equal(config?.tls.cert_file, secret)
  t.match(lines(findings), [/^unknown .* tls\.cert_file: .* cannot be read \(EACCES\).*; run as root$/, /^unknown .* tls\.key_file/])
  chmodSync(yaml, 0)
  const hidden = await asSomebody(() => readConfiguration(yaml, 65_534))
  t.equal(hidden.config, undefined)
  t.match(lines(hidden.findings), [/^unknown .* cannot be read \(EACCES\); run as root$/])
})

test('without a file it is the one for trying out', async (t) => {
  const dir = t.testdir({ 'system.yaml': good })
  const none = await readConfiguration(undefined, 0, join(dir, 'gone.yaml'))
  t.match(lines(none.findings), [/^ok \(built-in configuration\): .* for trying out$/])
  t.equal((await readConfiguration(undefined, 0, join(dir, 'system.yaml'))).file, join(dir, 'system.yaml'))
})
