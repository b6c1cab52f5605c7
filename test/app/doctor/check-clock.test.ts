import { test } from 'tap'
import { checkClock } from '../../../src/app/doctor/check-clock.ts'
import { fakeHost, lines, type Machine, never } from './fake-host.ts'

const asked = 'timedatectl show --property=NTPSynchronized'
const check = async (machine: Machine) => lines(await checkClock(fakeHost(machine), never))[0]

test('timedatectl says whether the clock is kept right', async (t) => {
  t.match(await check({ commands: { [asked]: 'NTPSynchronized=yes\n' } }), /^ok synchronisation: it is 2026-11-03T10:00:00Z/)
  t.match(await check({ commands: { [asked]: 'NTPSynchronized=no\n' } }), /^warning .*\$ timedatectl set-ntp true$/)
})

test('without it systemd-timesyncd or chrony', async (t) => {
  t.match(await check({ files: { '/run/systemd/timesync/synchronized': '' } }), /^ok/)
  const chrony = (leap: string) => ({ commands: { 'chronyc -c tracking': `A,b,3,1.2,${leap}\n` } })
  t.match(await check(chrony('Normal')), /^ok/)
  t.match(await check(chrony('Not synchronised')), /^warning/)
  t.match(await check({ commands: { [asked]: { status: 1, out: '' }, 'chronyc -c tracking': { status: 1, out: '' } } }), /^unknown/)
  t.match(await check({}), /^unknown synchronisation: .* neither timedatectl nor chronyc/)
})

test('chrony may keep the time without the kernel knowing', async (t) => {
  const no = { [asked]: 'NTPSynchronized=no\n' }
  t.match(await check({ commands: { ...no, 'chronyc -c tracking': 'A,b,3,1.2,Normal\n' } }), /^ok/)
  t.match(await check({ commands: { ...no, 'chronyc -c tracking': 'A,b,3,1.2,Not synchronised\n' } }), /^warning/)
})

test('where nothing is installed that could keep the time', async (t) => {
  const can = (word: string) => ({ [asked]: 'NTPSynchronized=no\n', 'timedatectl show --property=CanNTP': `CanNTP=${word}\n` })
  const [apt, dnf] = [{ '/usr/bin/apt-get': '' }, { '/usr/bin/dnf': '' }]
  t.match(await check({ commands: can('no'), files: apt }), /\$ apt-get install chrony && timedatectl set-ntp true$/)
  t.match(await check({ commands: can('no'), files: dnf }), /\$ dnf install chrony && timedatectl set-ntp true$/)
  t.match(await check({ commands: can('yes'), files: apt }), /\$ timedatectl set-ntp true$/)
})

test('a date before this program was written', async (t) => {
  t.match(await check({ nowMs: 0 }), /^problem time: it is 1970-01-01T00:00:00Z/)
})
