import { readdirSync } from 'node:fs'
import { test } from 'tap'
import { inBenchDirectory } from '../../../src/app/bench-self/bench-directory.ts'
import { measureFsync } from '../../../src/app/bench-self/measure-fsync.ts'
import { checkFsync, type MeasureFsync } from '../../../src/app/doctor/check-fsync.ts'
import { thisHost } from '../../../src/app/doctor/host.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { fakeHost, lines, type Machine, never } from './fake-host.ts'

const measured = (perSecond: number) => async () => ({ bytes: 2 ** 18, perSecond, medianMs: 1, p99Ms: 2 })
const check = async (measure: MeasureFsync, machine: Machine = {}, signal = never) => {
  const host = fakeHost({ stats: { '/srv/relay': {} }, ...machine })
  return lines(await checkFsync({ host, dataDir: '/srv/relay', measure, relayRuns: false }, signal))
}

test('fast and slow', async (t) => {
  t.match(await check(measured(50)), [/^ok \/srv\/relay, fsync: 50 a second of 256 KiB each \(median 1\.0 ms, 99 % 2\.0 ms\)$/])
  t.match(await check(measured(49)), [/^warning .* about 12\.3 MiB a second .*\$ findmnt -T \/srv\/relay$/])
  t.match(await check(measured(50), { stats: { '/srv': {} } }), [/^ok \/srv, fsync/], 'before the first start')
})

test('what cannot be measured', async (t) => {
  const failing = (code: 'DATA_DIR_UNUSABLE' | 'DISK_FULL') => () => Promise.reject(new RelayError(code, 'no'))
  t.match(await check(failing('DATA_DIR_UNUSABLE'), { uid: 5 }), [/^unknown .*: no; run as root or as the relay's user to measure it$/])
  t.match(await check(failing('DISK_FULL')), [/^unknown .*: no$/])
  t.match(await check(failing('DISK_FULL'), {}, AbortSignal.abort()), [/^problem .* the disk stands still/])
})

test('a real disk, left as it was', async (t) => {
  const dir = t.testdir()
  const measure: MeasureFsync = (place, signal) => inBenchDirectory(place, (inner) => measureFsync(inner, 0.01, signal), 2 ** 20)
  const found = await checkFsync({ host: thisHost, dataDir: dir, measure, relayRuns: true }, never)
  t.match(lines(found), [/ a second of 256 KiB each .*, beside the running relay/])
  t.same(readdirSync(dir), [])
})
