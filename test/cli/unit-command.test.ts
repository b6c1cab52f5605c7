import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RelayApi } from '../../src/cli/relay-api.ts'
import { fakeRelay, run } from './fake-terminal.ts'

const yaml = `
sinks: { f: { type: file, path: '/srv/logs/{pipeline}.log' } }
pipelines:
  nginx: { source: { type: syslog, device: nginx, port: 514 }, sinks: [f] }
`
const roomy = { memoryBytes: 2 ** 40, missing: [] }

function configFile(t: Test, text = yaml): string {
  return join(t.testdir({ 'relay.yaml': text }), 'relay.yaml')
}

function unit(args: readonly string[], parts: Partial<RelayApi> = {}) {
  return run(['unit', ...args], { relay: fakeRelay({ unitSurroundings: async () => roomy, ...parts }) })
}

t.test('standard output is the drop-in and nothing else', async (t) => {
  const file = configFile(t)
  const { status, out, err } = await unit(['--config', file])
  t.equal(status, 0)
  t.ok(out.startsWith(`# Made by \`logrelay unit\` from ${file}.\n`))
  t.match(out, /^\[Service\]\n# Ports below 1024: 514 \(pipeline nginx\)\.\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m)
  t.match(out, /\nReadWritePaths=-\/srv\/logs\n$/)
  t.equal(err, `logrelay: the service itself reads /etc/logrelay/logrelay.yaml, and this was made from ${file}\n`)
})

t.test('what a person should know goes to standard error', async (t) => {
  const missing = [{ path: '/srv/logs', key: 'sinks.f.path' }]
  const { out, err } = await unit(['--config', configFile(t)], { unitSurroundings: async () => ({ memoryBytes: 2 ** 30, missing }) })
  t.notMatch(out, /install -d/)
  t.match(err, /^logrelay: sinks\.f\.path: \/srv\/logs is not there yet: install -d -o logrelay -g logrelay -m 0750 \/srv\/logs$/m)
  t.match(
    err,
    /allow [\d.]+ GiB of memory, and this host has 1 GiB.*\n {4}5\.9 GiB pipeline nginx: connections: lower pipelines\.nginx\.source\.max_connections\n/,
  )
  const hidden = configFile(t, yaml.replace('/srv/logs', '/home/me/the logs'))
  t.match((await unit(['--config', hidden])).err, /sinks\.f\.path: \/home\/me\/the logs: ProtectHome= hides/)
})

t.test('--write', async (t) => {
  const written: string[][] = []
  const writing = (reload: 'yes' | { failure: string }, changed = true) => ({
    writeUnit: async (text: string, directory: string) => {
      written.push([text, directory])
      return { file: `${directory}/50-configuration.conf`, written: changed, reload }
    },
  })
  const config = configFile(t)
  const { out: text } = await unit(['--config', config])
  const done = await unit(['--config', config, '--write'], writing('yes'))
  t.same(written, [[text, '/etc/systemd/system/logrelay.service.d']])
  t.equal(done.status, 0)
  t.match(
    done.out,
    /^\/etc\/systemd\/system\/logrelay\.service\.d\/50-configuration\.conf: written\. `systemctl restart logrelay` makes it count\.\n$/,
  )
  const same = await unit(['--config', config, '--write', '--directory', '/image/d'], writing('yes', false))
  t.equal(same.out, '/image/d/50-configuration.conf: is as it should be; nothing changed.\n')
  const failed = await unit(['--config', config, '--write'], writing({ failure: 'no bus' }))
  t.equal(failed.status, 1)
  t.match(failed.err, /systemctl daemon-reload failed: no bus/)
})

t.test('a configuration with mistakes, and one of comments alone, is said as check says it; nothing is written', async (t) => {
  for (const [text, said] of [
    ['zebra: 1\n', /relay\.yaml:1:1: error: zebra: unknown key/],
    ['# sinks:\n#   siem:\n', /relay\.yaml:1:1: error: holds no configuration yet: it is all comments/],
  ] as const) {
    const { status, out, err } = await unit(['--write', '--config', configFile(t, text)])
    t.same({ status, out }, { status: 2, out: '' })
    t.match(err, said)
  }
  t.match(await unit(['--config', '/nowhere/relay.yaml']), { status: 2, out: '', err: /CONFIG_NOT_FOUND/ })
})

t.test('credentials that the service alone sees keep nobody from making its unit', async (t) => {
  const credentials = 'cert_file: /run/credentials/logrelay.service/none.pem, key_file: /run/credentials/logrelay.service/none.key'
  const { status, out } = await unit(['--config', configFile(t, `tls: { ${credentials} }\n${yaml}`)])
  t.equal(status, 0)
  t.match(out, /^MemoryMax=/m)
})
