import t from 'tap'
import type { Config } from '../../../src/config/schema.ts'
import { memoryBound } from '../../../src/planning/unit/memory-bound.ts'
import { memoryMax, openFilesWanted, unitDropIn, unitOpenFiles } from '../../../src/planning/unit/unit-drop-in.ts'
import { unitConfig } from './unit-config.ts'

const file = '/etc/logrelay/logrelay.yaml'

/** Its settings, without comments and empty lines. */
function settings(config: Config): string[] {
  return unitDropIn(config, file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

t.test('where nothing special is configured it limits memory alone', async (t) => {
  t.same(settings(unitConfig()), ['[Service]', `MemoryMax=${memoryMax(unitConfig()) / 2 ** 20}M`])
  t.match(unitDropIn(unitConfig(), file), /^# Made by `logrelay unit` from \/etc\/logrelay\/logrelay\.yaml\.\n#.*`logrelay unit --write`/)
  t.equal(unitDropIn(unitConfig(), file), unitDropIn(unitConfig(), file))
})

t.test('the memory limit leaves room above the bound', async (t) => {
  for (const config of [unitConfig(), unitConfig({ source: { max_connections: 20_000 } })]) {
    const { bytes } = memoryBound(config)
    t.ok(memoryMax(config) >= bytes * 1.25 && memoryMax(config) < bytes * 1.25 + 64 * 2 ** 20)
  }
})

t.test('a low port of anything that listens gives the one capability, where it counts for the machine', async (t) => {
  const given = [
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'PrivateUsers=no',
    'NotifyAccess=main',
  ]
  const low: [who: string, config: Config][] = [
    ['514 (pipeline p)', unitConfig({ source: { port: 514 } })],
    ['601 (pipeline p)', unitConfig({ source: { type: 'relp', port: 601 } })],
    ['1023 (admin)', unitConfig({ admin: { listen: '127.0.0.1:1023' } })],
    ['80 (health)', unitConfig({ health: { listen: '[::]:80' } })],
  ]
  for (const [who, config] of low) {
    t.same(settings(config).slice(1, 5), given, who)
    t.ok(unitDropIn(config, file).includes(`# Ports below 1024: ${who}.`), who)
  }
  for (const config of [
    unitConfig({ source: { port: 1024 } }),
    unitConfig({ source: { port: 0 } }),
    unitConfig({ source: { type: 's3', bucket: 'b' } }),
  ]) {
    t.notMatch(unitDropIn(config, file), /CAP_/)
  }
})

t.test('open files, where the unit allows too few', async (t) => {
  const limit = (config: Config) => settings(config).filter((line) => line.startsWith('LimitNOFILE='))
  t.same(limit(unitConfig({ source: { max_connections: 250_000 } })), [])
  t.same(limit(unitConfig({ source: { max_connections: 262_000 } })), [`LimitNOFILE=${unitOpenFiles + 1024}`])
  t.same(limit(unitConfig({ source: { max_connections: 262_000, transports: ['udp'] } })), [], 'datagrams have no connections')
  t.equal(openFilesWanted(unitConfig({ source: { max_connections: 100_000_000 } })), 2 ** 20, 'no more than any kernel allows')
})

t.test('paths outside of the state directory', async (t) => {
  const written = (config: Config) => settings(config).filter((line) => line.startsWith('ReadWritePaths='))
  t.same(written(unitConfig({ sink: { type: 'file', path: '/srv/logs/{pipeline}.log' } })), ['ReadWritePaths=-/srv/logs'])
  t.same(written(unitConfig({ sink: { type: 'file', path: 'logs/x.log' } })), [])
  t.same(written(unitConfig({ sink: { type: 'file', path: '-' } })), [])
  const data = unitConfig({ data_dir: '/srv/log relay', sink: { type: 'file', path: '/srv/log relay/logs/x.log' } })
  t.same(settings(data).slice(0, 2), ['[Unit]', 'RequiresMountsFor="/srv/log relay"'])
  t.same(written(data), ['ReadWritePaths="-/srv/log relay"'], 'once')
  t.match(unitDropIn(unitConfig({ data_dir: '/home/relay' }), file), /# data_dir: ProtectHome= hides .*\nReadWritePaths=-\/home\/relay\n/)
})

t.test('nothing of the configuration ends a line of its own', async (t) => {
  const config = unitConfig({ data_dir: '/srv/a\n[Service]\nUser=root', sink: { type: 'file', path: '/x\nUser=root/l' } })
  t.notMatch(unitDropIn(config, '/etc/a\nUser=root'), /^User=/m)
})
