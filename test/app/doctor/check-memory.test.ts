import { test } from 'tap'
import { checkMemory } from '../../../src/app/doctor/check-memory.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { gib, lines, situationOf } from './fake-host.ts'

const check = async (bound: number, ...situation: Parameters<typeof situationOf>) =>
  lines(await checkMemory(situationOf(...situation), () => bound))

test('the bound against the RAM of the host', async (t) => {
  t.match(await check(gib), [/^ok RAM: the relay takes 1 GiB at most .* this host has 8 GiB$/])
  t.match(await check(7 * gib), [/^warning RAM/])
  t.match(await check(9 * gib), [/^warning RAM: .*\$ logrelay unit$/])
  t.same(await checkMemory(situationOf(), undefined), [])
})

test('the limit of the service', async (t) => {
  const service = (max: string) => ({ service: parseService(`LoadState=loaded\nMemoryMax=${max}\n`) })
  t.match((await check(gib, {}, service(`${2 * gib}`)))[1], /^ok MemoryMax: the service may use 2 GiB$/)
  t.match(
    (await check(3 * gib, {}, service(`${2 * gib}`)))[1],
    /^problem MemoryMax: .*\$ logrelay unit --write && systemctl restart logrelay$/,
  )
  t.match((await check(3 * gib, {}, { ...service(`${2 * gib}`), configFile: '/b.yaml' }))[1], /\$ logrelay unit --config \/b\.yaml$/)
  t.equal((await check(gib, {}, service('infinity'))).length, 1)
})

test('the smallest limit of the control groups around the running relay, or around this process', async (t) => {
  const groups = {
    '/proc/7/cgroup': '0::/a/b\n',
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': `${6 * gib}\n`,
    '/sys/fs/cgroup/a/memory.max': `${3 * gib}\n`,
    '/sys/fs/cgroup/a/b/memory.max': 'max\n',
  }
  t.match(
    (await check(4 * gib, { files: groups }, { relay: { pid: 7 } }))[1],
    /^warning memory limit: the control group may use 3 GiB.*\$ logrelay unit$/,
  )
  t.match((await check(4 * gib, { files: groups }))[1], /^ok memory limit: the control group may use 6 GiB/)
  const service = (max: number) => ({ service: parseService(`LoadState=loaded\nMemoryMax=${max * gib}\n`) })
  t.match((await check(4 * gib, { files: groups }, { relay: { pid: 7 }, ...service(2) }))[1], /^problem MemoryMax: .* 2 GiB/)
  t.match((await check(4 * gib, { files: groups }, { relay: { pid: 7 }, ...service(4) }))[1], /^warning memory limit: .* 3 GiB/)
  t.match((await check(7 * gib, { files: groups }, service(8)))[1], /^ok MemoryMax/, 'the group of this process is not that of the service')
})
