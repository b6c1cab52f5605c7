import { test } from 'tap'
import { checkDisk } from '../../../src/app/doctor/check-disk.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { status } from '../../cli/example-status.ts'
import { pipeline } from '../../support/relay-config.ts'
import { configOf, gib, lines, never, situationOf } from './fake-host.ts'

const mine = { uid: 990 }
const stats = { '/srv/relay': mine, '/srv/relay/queues': mine, '/srv/relay/queues/main': mine }
const check = async (machine: Parameters<typeof situationOf>[0], more?: Parameters<typeof situationOf>[1]) =>
  lines(await checkDisk(situationOf({ stats, ...machine }, more), never))

test('a disk that holds the limits, and belongs to the relay', async (t) => {
  t.same(await check({}), [
    'ok /srv/relay: 100 GiB free, enough for the limits of all queues (1 GiB, at most 1.6 GiB on disk)',
    'ok /srv/relay, file system: is one on which an fsync counts',
    'ok /srv/relay, inodes: 900,000 left',
    'ok /srv/relay, owner: user logrelay',
  ])
})

test('limits beyond the disk; what the queues hold counts as room', async (t) => {
  const config = configOf({ pipelines: { main: pipeline(['file'], { queue: { max_size: '75GiB' } }) } })
  const [warned] = await check({}, { config })
  t.match(warned, /^warning \/srv\/relay: the queues may need 100\.25 GiB .* the disk has 100\.00 GiB free.*\$ du -xh/)
  const [one] = Object.values(status.pipelines)
  const holding = { ...one, queue: { ...one?.queue, bytes: gib } } as NonNullable<typeof one>
  const running = { pid: 7, status: { ...status, pipelines: { main: holding } } }
  t.match((await check({}, { config, relay: running }))[0], /^ok/)
})

test('min_free_disk is undercut', async (t) => {
  t.match(
    (await check({ disk: { freeBytes: 200 * 2 ** 20 } }))[0],
    /^problem \/srv\/relay: 200 MiB are free, less than min_free_disk \(256 MiB\): no message is taken/,
  )
})

test('file systems that keep nothing', async (t) => {
  for (const [type, words] of [
    [0x01021994, /tmpfs, memory/],
    [0x794c7630, /overlay/],
    [0x6969, /NFS/],
    [0x65735546, /FUSE/],
    // As a signed number, which some runtimes give.
    [0xff534d42 | 0, /CIFS/],
  ] as const) {
    const line = (await check({ disk: { type } }))[1]
    t.match(line, /^warning .*\$ findmnt -T \/srv\/relay$/)
    t.match(line, words)
  }
})

test('inodes', async (t) => {
  t.match((await check({ disk: { freeInodes: 9999 } }))[2], /^warning .*\$ df -i/)
  t.match((await check({ disk: { freeInodes: 999 } }))[2], /^problem/)
  t.notMatch((await check({ disk: { inodes: 0, freeInodes: 0 } })).join('\n'), /inodes/)
})

test('what root has left behind keeps the service from starting', async (t) => {
  const found = await check({ stats: { ...stats, '/srv/relay/queues/main': { uid: 0 }, '/srv/relay/tls': { uid: 0 } } })
  t.equal(
    found[3],
    'problem /srv/relay, owner: /srv/relay/tls and 1 more are not of user logrelay, who runs the relay: it cannot write there $ chown -R logrelay /srv/relay',
  )
  t.match((await check({ stats: { '/srv/relay': { uid: 0, mode: 0o700 } } }, { user: { uid: 0, name: 'root' } }))[3], /^ok/)
  t.match((await check({ stats: { '/srv/relay': { uid: 990, mode: 0o770 } } }))[3], /^warning .*\$ chmod 700 \/srv\/relay/)
})

test('before the first start', async (t) => {
  const service = parseService('LoadState=loaded\n')
  const none = { stats: { '/srv': {} } }
  t.match(
    (await check(none, { service }))[3],
    /^problem \/srv\/relay, owner: is not there, and the service may make no directory outside of \/var\/lib\/logrelay: it cannot start \$ install -d -m 0700 -o logrelay \/srv\/relay && systemctl restart logrelay$/,
  )
  const config = configOf({}, '/var/lib/logrelay/a')
  t.match((await check({ stats: { '/var/lib': {} } }, { service, config }))[3], /^ok .*, owner: is not there yet/)
  const own = { user: { uid: 1000, name: '1000' } }
  t.match((await check({ ...none, uid: 1000 }, own))[3], /^ok/)
  t.match((await check({ ...none, uid: 1000, unwritable: ['/srv'] }, own))[3], /^problem .* may not make it.*\$ sudo install -d -m 0700/)
  t.match((await check(none, { service }))[1], /^ok \/srv, file system/, 'the disk above it is looked at')
})

test('what the relay never opens may be of anybody', async (t) => {
  const others = {
    '/srv/relay/lost+found': {},
    '/srv/relay/.snapshot': {},
    '/srv/relay/bench-self-x': {},
    '/srv/relay/queues/lost+found': {},
  }
  t.match((await check({ stats: { ...stats, ...others } }))[3], /^ok/)
  for (const name of ['tls', 'control.sock', 'sources', 'logs', 'queues/main'])
    t.match(
      (await check({ stats: { ...stats, [`/srv/relay/${name}`]: { uid: 0 } } }))[3],
      ` /srv/relay/${name} is not of user logrelay`.slice(1),
    )
})
