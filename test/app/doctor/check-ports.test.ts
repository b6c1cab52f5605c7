import { test } from 'tap'
import { checkPorts } from '../../../src/app/doctor/check-ports.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { addressesMeet, parseSocketTable } from '../../../src/app/doctor/socket-table.ts'
import { planAddresses } from '../../../src/sources/listen-addresses.ts'
import { pipeline as examplePipeline, status } from '../../cli/example-status.ts'
import { pipeline } from '../../support/relay-config.ts'
import { configOf, lines, type Machine, never, situationOf } from './fake-host.ts'

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
/** A line of /proc/net/tcp or udp. */
const socket = (local: string, state: string, { uid = 0, inode = 77 } = {}) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`
const empty = { '/proc/net/tcp': head, '/proc/net/udp': head }
const port = (number: number, source: object = {}) =>
  configOf({ pipelines: { main: pipeline(['file'], { source: { port: number, host: '0.0.0.0', ...source } }) } })
// 10435 is 28C3, 514 is 0202.
const any = '00000000:28C3'
const owner = {
  links: { '/proc/12/fd/3': 'socket:[77]', '/proc/12/exe': '/usr/sbin/rsyslogd' },
  files: { '/proc/12/cgroup': '0::/system.slice/rsyslog.service\n', '/proc/12/comm': 'in:imtcp\n' },
}
const check = async (machine: Machine, more: Parameters<typeof situationOf>[1] = {}) => {
  const files = { ...empty, ...machine.files }
  const found = await checkPorts(situationOf({ ...machine, files }, { config: port(10_435), ...more }), planAddresses, never)
  return lines(found)
}

test('a free port, one that the system chooses', async (t) => {
  t.same(await check({}), [
    'ok pipeline main, 0.0.0.0:10435 tcp and udp: is free',
    'ok admin, 127.0.0.1:0 tcp: the system chooses the port',
  ])
})

test('a port of another program, with its name and unit', async (t) => {
  const [found] = await check({ links: owner.links, files: { ...owner.files, '/proc/net/udp': head + socket(any, '07') } })
  t.equal(
    found,
    "problem pipeline main, 0.0.0.0:10435 tcp and udp: rsyslogd, process 12 of rsyslog.service listens there: the relay cannot start; stop it, or choose another port $ ss -antup 'sport = :10435'",
  )
  t.match(
    (await check({ files: { '/proc/net/tcp': head + socket(any, '0A', { uid: 5 }) } }))[0],
    /a program of user 5 \(run as root to see it\) listens there/,
  )
})

test('an outgoing connection on the port is in the way, until the relay runs', async (t) => {
  const files = { '/proc/net/tcp': head + socket('0100007F:28C3', '01', { uid: 5 }) }
  t.match((await check({ files }))[0], /^problem .* an outgoing connection of a program of user 5/)
  t.match((await check({ files }, { relay: { pid: 9 } }))[0], /^warning .* does not listen on tcp and udp/)
})

test('the running relay holds its ports: by process, by what it says, by its user', async (t) => {
  const files = { '/proc/net/tcp': head + socket(any, '0A', { uid: 990 }), '/proc/net/udp': head + socket(any, '07', { uid: 990 }) }
  const links = { '/proc/9/fd/3': 'socket:[77]' }
  const found = 'ok pipeline main, 0.0.0.0:10435 tcp and udp: the running relay listens, process 9'
  t.equal((await check({ files, links }, { relay: { pid: 9 } }))[0], found)
  t.equal((await check({ files }, { relay: { pid: 9 } }))[0], found)
  const listening = [{ address: '0.0.0.0', port: 10_435, transports: ['udp', 'tcp'] as const }]
  const main = { ...examplePipeline, source: { ...examplePipeline.source, listening } }
  const told = { pid: 9, status: { ...status, pipelines: { main } } }
  t.equal((await check({ files }, { relay: told, user: { uid: 1, name: 'x' } }))[0], found)
  t.match((await check({ files }, { relay: { silent: 'closed' } }))[0], /^ok .* the running relay listens$/)
  t.match((await check({ files, links: { '/proc/12/fd/3': 'socket:[77]' } }, { relay: { pid: 9 } }))[0], /^problem .* process 12 listens/)
})

test('a running relay that has closed a port says why, or has not loaded the configuration', async (t) => {
  const files = { '/proc/net/udp': head + socket(any, '07', { uid: 990 }) }
  const source = { ...examplePipeline.source, listening: [{ address: '0.0.0.0', port: 10_435, transports: ['udp'] as const }] }
  const closed = (main: object) => ({ pid: 9, status: { ...status, pipelines: { main: { ...examplePipeline, source, ...main } } } })
  t.match(
    (await check({ files }, { relay: closed({ ready: false, reasons: ['the queue is full'] }) }))[0],
    /^warning .* does not listen on tcp: the queue is full \$ logrelay status$/,
  )
  t.match((await check({}, { relay: closed({}) }))[0], /^warning .* does not listen on tcp and udp: it has not loaded .*\$ kill -HUP 9$/)
  const service = parseService('LoadState=loaded\nMainPID=9\n')
  t.match((await check({}, { relay: closed({}), service }))[0], /\$ systemctl reload logrelay$/)
})

test('addresses and names of other machines', async (t) => {
  const host = async (name: string) => (await check({}, { config: port(10_435, { host: name }) }))[0]
  t.match(await host('192.0.2.7'), /^ok/)
  t.match(await host('192.0.2.8'), /^problem .* is not an address of this machine: the relay cannot start \$ ip address$/)
  t.match(await host('::'), /^ok/)
  t.match(await host('localhost'), /^ok/)
  const unknown = () => Promise.reject(new Error('the host name is not known'))
  const [found] = lines(await checkPorts(situationOf({ files: empty }, { config: port(1514, { host: 'a b' }) }), unknown, never))
  t.match(found, /^problem .* is not known: the relay cannot start \$ getent hosts 'a b'$/)
})

test('who may open ports below 1024', async (t) => {
  const low = async (machine: Machine, more: Parameters<typeof situationOf>[1] = {}) =>
    (await check(machine, { config: port(514), ...more }))[0]
  t.match(await low({}), /^problem .* ports below 1024 need a privilege .*\$ sysctl -w net\.ipv4\.ip_unprivileged_port_start=514$/)
  t.match(await low({ files: { '/proc/sys/net/ipv4/ip_unprivileged_port_start': '514\n' } }), /^ok/)
  t.match(await low({}, { user: { uid: 0, name: 'root' } }), /^ok/)
  const service = (capability: string) => parseService(`LoadState=loaded\nAmbientCapabilities=${capability}\n`)
  t.match(await low({}, { service: service('cap_chown cap_net_bind_service') }), /^ok/)
  t.match(await low({}, { service: service('') }), /^problem .*\$ logrelay unit --write && systemctl restart logrelay$/)
  t.match(await low({}, { service: service(''), configFile: '/b.yaml' }), /^problem .*\$ logrelay unit --config \/b\.yaml$/)
  const bits = (hex: string) => ({ files: { '/proc/9/status': `CapEff:\t${hex}\n` } })
  t.match(await low(bits('0000000000000400'), { relay: { pid: 9 } }), /^warning .* has not loaded/)
  t.match(
    await low(bits('0000000000000000'), { relay: { pid: 9 }, service: service('cap_net_bind_service') }),
    /^problem/,
    'not restarted since',
  )
})

test('without the tables of sockets nothing is said of ports', async (t) => {
  t.match(lines(await checkPorts(situationOf(), planAddresses, never)), [/^unknown all ports/])
})

test('the tables are read for some ports alone', async (t) => {
  const text = head + socket('0100007F:1F90', '0A') + socket('0100007F:0050', '0A') + socket('00000000000000000000000001000000:1F90', '06')
  t.same(parseSocketTable(text, 'tcp', new Set([8080])), [
    { protocol: 'tcp', address: '127.0.0.1', port: 8080, listening: true, uid: 0, inode: 77 },
  ])
  const six = socket('B80D0120000000000000000001000000:1F90', '07', { inode: 3 })
  t.match(parseSocketTable(six, 'udp', new Set([8080])), [{ address: '2001:db8::1', inode: 3 }])
  t.same(parseSocketTable('nonsense\n\n', 'udp', new Set([8080])), [])
})

test('which addresses are in the way of which', async (t) => {
  for (const [a, b, meet] of [
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1', '0.0.0.0', true],
    ['0.0.0.0', '10.0.0.1', true],
    ['0.0.0.0', 'fe80::1', false],
    ['::', '10.0.0.1', true],
    ['10.0.0.1', '::', true],
    ['::1', '0.0.0.0', false],
    ['fe80::1%eth0', 'fe80::1', true],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
  ] as const)
    t.equal(addressesMeet(a, b), meet, `${a} ${b}`)
})

test('a port of the running service, which has another data_dir', async (t) => {
  const service = parseService('LoadState=loaded\nMainPID=12\n')
  const machine = { links: owner.links, files: { ...owner.files, '/proc/net/udp': head + socket(any, '07') } }
  t.match(
    (await check(machine, { service }))[0],
    /^warning .* is held by the running service, process 12, which has another data_dir \$ systemctl restart logrelay$/,
  )
  t.match((await check(machine, { service, configFile: '/b.yaml' }))[0], /^warning .*\$ ss -antup/)
  t.match((await check(machine, { service: parseService('LoadState=loaded\nMainPID=13\n') }))[0], /^problem/)
})
