import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { type ListeningPipeline, listeningPipelines } from '../../src/config/listening.ts'
import { configSchema } from '../../src/config/schema.ts'
import { controlSocketPath } from '../../src/health/control-socket.ts'
import { stateDirectory } from '../../src/planning/unit/service-paths.ts'
import { unitDropIn, unitOpenFiles } from '../../src/planning/unit/unit-drop-in.ts'
import { parseUnit, seconds, service } from './parse-unit.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const unit = parseUnit(read('systemd/logrelay.service'))
const defaults = configSchema.parse({
  sinks: { file: { type: 'file' } },
  pipelines: { nginx: { source: { type: 'syslog' }, sinks: ['file'] } },
})

/** The lines of a sysusers or tmpfiles file, as words. */
const entries = (path: string) =>
  read(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.match(/"[^"]*"|\S+/g) ?? [])

test('the unit starts the command where packages put it, with a configuration that must be there', async (t) => {
  t.equal(service(unit, 'ExecStart'), '/usr/bin/logrelay start --config /etc/logrelay/logrelay.yaml')
  t.equal(service(unit, 'ExecReload'), "/bin/sh -c 'kill -HUP $MAINPID'")
  t.match(read('bin/logrelay'), /export MALLOC_ARENA_MAX="\$\{MALLOC_ARENA_MAX:-1\}"/)
  t.same(unit.Service?.Environment, ['MALLOC_ARENA_MAX=1'], 'which the single executable cannot set for itself')
})

test('nothing secret stands in the unit: credentials and files are read', async (t) => {
  t.notMatch(JSON.stringify(unit.Service?.Environment), /password|token|key/i)
  t.notOk(unit.Service?.EnvironmentFile)
})

test('systemd hears from the relay, and waits for it', async (t) => {
  t.equal(service(unit, 'Type'), 'notify')
  t.equal(service(unit, 'NotifyAccess'), 'all', 'systemd-notify is a child')
  t.equal(service(unit, 'Restart'), 'always')
  t.equal(unit.Unit?.StartLimitIntervalSec?.at(-1), '0')
  t.equal(service(unit, 'RestartPreventExitStatus'), undefined, 'not even with mistakes in the configuration')
  t.ok(seconds(service(unit, 'WatchdogSec')) >= 30)
  t.ok(seconds(service(unit, 'TimeoutStopSec')) >= defaults.stop_timeout / 1000 + 10)
  t.ok(seconds(service(unit, 'TimeoutStartSec')) > 90, 'repairing a queue takes longer than the default')
})

test('its user and directories are those that sysusers, tmpfiles and the configuration name', async (t) => {
  const user = service(unit, 'User')
  t.equal(service(unit, 'Group'), user)
  t.match(entries('systemd/sysusers.d/logrelay.conf'), [['u', user, '-', /^"/, defaults.data_dir, '/usr/sbin/nologin']])
  t.strictSame(entries('systemd/tmpfiles.d/logrelay.conf'), [
    ['d', '/etc/logrelay', '0750', 'root', user, '-'],
    ['d', defaults.data_dir, '0700', user, user, '-'],
  ])
  t.equal(`/var/lib/${service(unit, 'StateDirectory')}`, defaults.data_dir)
  t.equal(service(unit, 'WorkingDirectory'), defaults.data_dir)
  t.equal(stateDirectory, defaults.data_dir)
  t.equal(service(unit, 'StateDirectoryMode'), '0700')
  t.equal(service(unit, 'UMask'), '0077')
  t.ok(controlSocketPath(defaults.data_dir).length <= 107)
})

test('what the drop-in adds to is what the unit has', async (t) => {
  t.equal(service(unit, 'LimitNOFILE'), String(unitOpenFiles))
  t.equal(service(unit, 'MemoryMax'), undefined, 'only the configuration knows')
})

test('it may open as many files as a source may hold connections, and more', async (t) => {
  const [, { source }] = listeningPipelines(defaults)[0] as [string, ListeningPipeline]
  t.ok(Number(service(unit, 'LimitNOFILE')) >= Math.max(65_536, 3 * source.max_connections))
})

test('hardening takes nothing away that Node.js needs', async (t) => {
  t.equal(service(unit, 'MemoryDenyWriteExecute'), undefined)
  t.not(service(unit, 'DevicePolicy'), 'strict')
  t.equal(service(unit, 'ProcSubset'), undefined)
  const calls = unit.Service?.SystemCallFilter ?? []
  t.equal(calls[0], '@system-service')
  t.notMatch(calls.join(' '), /@ipc/)
  t.equal(service(unit, 'SystemCallErrorNumber'), 'EPERM')
  t.strictSame(service(unit, 'RestrictAddressFamilies')?.split(' ').sort(), ['AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_UNIX'])
})

test('hardening takes the rest', async (t) => {
  const expected: Record<string, string> = {
    AmbientCapabilities: '',
    CapabilityBoundingSet: '',
    KeyringMode: 'private',
    LockPersonality: 'yes',
    NoNewPrivileges: 'yes',
    PrivateDevices: 'yes',
    PrivateMounts: 'yes',
    PrivateTmp: 'yes',
    PrivateUsers: 'yes',
    ProtectClock: 'yes',
    ProtectControlGroups: 'yes',
    ProtectHome: 'yes',
    ProtectHostname: 'yes',
    ProtectKernelLogs: 'yes',
    ProtectKernelModules: 'yes',
    ProtectKernelTunables: 'yes',
    ProtectProc: 'invisible',
    ProtectSystem: 'strict',
    RestrictNamespaces: 'yes',
    RestrictRealtime: 'yes',
    RestrictSUIDSGID: 'yes',
    SystemCallArchitectures: 'native',
  }
  const found = Object.fromEntries(Object.keys(expected).map((setting) => [setting, service(unit, setting)]))
  t.strictSame(found, expected)
})

test('the drop-in for low ports gives one capability, where it counts for the machine, and takes nothing else away', async (t) => {
  const [name = '', one] = listeningPipelines(defaults)[0] ?? []
  const low = {
    ...defaults,
    pipelines: { [name]: { ...(one as ListeningPipeline), source: { ...(one as ListeningPipeline).source, port: 514 } } },
  }
  const { MemoryMax, ...rest } = parseUnit(unitDropIn(low, '/etc/logrelay/logrelay.yaml')).Service ?? {}
  t.match(MemoryMax, [/^\d+M$/])
  t.strictSame(rest, {
    CapabilityBoundingSet: ['CAP_NET_BIND_SERVICE'],
    AmbientCapabilities: ['CAP_NET_BIND_SERVICE'],
    PrivateUsers: ['no'],
    NotifyAccess: ['main'],
  })
})

test('the documentation names no file of the project that is not there', async (t) => {
  const named = [...read('docs/install-vm.md').matchAll(/(?<![\w/])systemd\/[\w./-]+\.(?:conf|service)\b/g)].map(([path]) => path)
  for (const path of named) t.doesNotThrow(() => read(path), path)
})
