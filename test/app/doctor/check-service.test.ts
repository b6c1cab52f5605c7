import { test } from 'tap'
import { checkService, type ServiceSituation } from '../../../src/app/doctor/check-service.ts'
import { parseService, readService } from '../../../src/app/doctor/service-state.ts'
import { status } from '../../cli/example-status.ts'
import { configOf, fakeHost, lines, never } from './fake-host.ts'

const booted = { '/run/systemd/system': {} }
const shown = [
  'LoadState=loaded',
  'ActiveState=active',
  'UnitFileState=enabled',
  'Result=success',
  'NRestarts=0',
  'MainPID=7',
  'User=logrelay',
  'LimitNOFILE=262144',
  'MemoryMax=infinity',
  'AmbientCapabilities=cap_net_bind_service',
  'NeedDaemonReload=no',
].join('\n')
const unit = (changes: Record<string, string> = {}) =>
  parseService(Object.entries(changes).reduce((text, [key, value]) => text.replace(new RegExp(`${key}=.*`), `${key}=${value}`), shown))
const check = async (more: Partial<ServiceSituation> = {}) =>
  lines(
    await checkService({
      host: fakeHost({ stats: booted }),
      config: configOf(),
      configFile: '/etc/relay.yaml',
      service: unit(),
      relay: {},
      version: '1.2.3',
      dropInFile: '/etc/drop.conf',
      unitDropIn: undefined,
      ...more,
    }),
  )

test('a unit that runs and starts at boot', async (t) => {
  t.same(await check(), ['ok logrelay.service: is running', 'ok logrelay.service, at boot: starts'])
  t.match(await check({ service: unit({ NRestarts: '3' }) }), [/^ok .* is running; systemd has started it again 3 times$/, /^ok/])
})

test('a unit that does not', async (t) => {
  const first = async (changes: Record<string, string>) => (await check({ service: unit(changes) }))[0]
  t.match(await first({ ActiveState: 'failed', Result: 'exit-code' }), /^problem .* has failed \(exit-code\): .*\$ journalctl -u logrelay/)
  t.match(await first({ ActiveState: 'activating', NRestarts: '9' }), /^problem .* does not stay up/)
  t.match(await first({ ActiveState: 'activating' }), /^warning .* is activating/)
  t.match(await first({ ActiveState: 'inactive' }), /^warning .*\$ systemctl start logrelay$/)
  t.match(await first({ LoadState: 'not-found' }), /^warning .* is not installed/)
  t.match(await first({ LoadState: 'masked' }), /^problem .*\$ systemctl unmask logrelay$/)
  t.match((await check({ service: unit({ UnitFileState: 'disabled' }) }))[1], /^warning .*\$ systemctl enable logrelay$/)
  t.match((await check({ service: unit({ NeedDaemonReload: 'yes' }) }))[2], /^warning .*\$ systemctl daemon-reload && /)
})

test('no systemd, or one that does not answer', async (t) => {
  t.match(await check({ host: fakeHost(), service: undefined }), [/^unknown logrelay\.service: systemd does not run here/])
  t.match(await check({ service: undefined }), [/^unknown logrelay\.service: systemctl does not answer/])
})

test('the drop-in against what logrelay unit would write', async (t) => {
  const dropIn = async (there: string | undefined, wanted: string | undefined, configFile = '/etc/logrelay/logrelay.yaml') =>
    (
      await check({
        host: fakeHost({ stats: booted, files: there === undefined ? {} : { '/etc/drop.conf': there } }),
        unitDropIn: () => wanted,
        configFile,
      })
    )[2]
  const mend = / \$ logrelay unit --write && systemctl restart logrelay$/
  t.match(await dropIn('a', 'a'), /^ok \/etc\/drop\.conf/)
  t.match(await dropIn('a', 'b'), /^warning \/etc\/drop\.conf: was made from another configuration/)
  t.match(await dropIn(undefined, 'b'), mend)
  t.match(await dropIn('a', undefined), mend)
  t.equal(await dropIn(undefined, undefined), undefined)
  t.equal(await dropIn('a', 'b', '/etc/relay.yaml'), undefined, 'it is not made of another file')
})

test('the running relay: version, reload, readiness, and which configuration it has', async (t) => {
  const running = { ...status, version: '1.2.3', configFile: '/etc/relay.yaml', ready: true, reasons: [] }
  const about = async (changes: object, version = '1.2.3') =>
    (await check({ host: fakeHost(), service: undefined, version, relay: { pid: 7, status: { ...running, ...changes } } })).slice(1)
  t.same(await about({}), ['ok running relay, process 7: is ready, version 1.2.3'])
  t.match(await about({}, '1.3.0'), [/^warning .* is version 1\.2\.3, installed is 1\.3\.0: [^$]*$/])
  const upgraded = await check({ version: '1.3.0', relay: { pid: 7, status: running } })
  t.match(upgraded[2], /installed is 1\.3\.0: .*\$ systemctl restart logrelay$/)
  t.match(await about({ reloadError: '1 error\nx' }), [
    /^problem .* refused the last reload .*: 1 error \$ logrelay check --config \/etc\/relay\.yaml$/,
  ])
  const at = async (directory: string) => {
    const relay = { pid: 7, status: { ...running, configFile: 'relay.yaml' } }
    return (await check({ host: fakeHost({ links: { '/proc/7/cwd': directory } }), service: undefined, version: '1.2.3', relay }))[1]
  }
  t.match(await at('/etc'), /^ok/, 'a file as the relay was given it')
  t.match(await at('/srv'), /^warning .* uses relay\.yaml/)
  t.match(await about({ configFile: '/other.yaml' }), [/^warning .* uses \/other\.yaml/])
  t.match(await about({ ready: false, reasons: ['a', 'b'] }), [/^warning .* is not ready: a; b/])
  const silent = { silent: 'belongs to another user' }
  t.match((await check({ relay: silent }))[2], /^problem running relay: does not answer: .*\$ journalctl -u logrelay -n 50 -o cat$/)
  t.match(
    (await check({ host: fakeHost({ uid: 5, stats: booted }), relay: silent }))[2],
    /^unknown running relay: does not tell its status/,
  )
})

test('systemd is asked once, and only where it runs', async (t) => {
  const line = `systemctl show logrelay.service --property=${shown.replace(/=.*/g, '').replaceAll('\n', ',')}`
  const host = fakeHost({ stats: booted, commands: { [line]: `${shown}\n` } })
  const service = await readService(host, never)
  t.match(service, {
    mainPid: 7,
    user: 'logrelay',
    openFiles: 262_144,
    memoryMaxBytes: Number.POSITIVE_INFINITY,
    capabilities: ['cap_net_bind_service'],
  })
  t.equal(host.ran.length, 1)
  t.equal(await readService(fakeHost({ commands: { [line]: shown } }), never), undefined)
  t.equal(await readService(fakeHost({ stats: booted, commands: { [line]: { status: 1, out: '' } } }), never), undefined)
})
