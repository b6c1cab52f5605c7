import { test } from 'tap'
import { findRelay, findUser } from '../../../src/app/doctor/running-relay.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { status } from '../../cli/example-status.ts'
import { fakeHost, never } from './fake-host.ts'

const unit = parseService('LoadState=loaded\nMainPID=9\nUser=logrelay\n')
const denied = () => Promise.reject(new RelayError('CONTROL_FAILED', 'belongs to another user'))

test('a relay that answers, none, and one that does not tell', async (t) => {
  t.same(await findRelay(async () => status, undefined), { pid: status.pid, status })
  t.same(await findRelay(() => Promise.reject(new RelayError('NOT_RUNNING', 'none')), unit), {})
  t.same(await findRelay(denied, undefined), { silent: 'belongs to another user' })
  t.same(await findRelay(denied, unit), { silent: 'belongs to another user', pid: 9 })
})

test('whose rights count', async (t) => {
  const host = fakeHost({
    uid: 1000,
    files: { '/proc/9/status': 'Name:\tnode\nUid:\t0\t990\t0\t0\n', '/proc/8/status': 'Uid:\t5\t5\t5\t5\n' },
    stats: { '/srv/relay': { uid: 12 } },
    commands: {
      'id -u -- logrelay': '990\n',
      'id -u -- gone': { status: 1, out: '' },
      'id -nu -- 5': 'syslog\n',
      'id -nu -- 1000': { status: 1, out: '' },
    },
  })
  const find = (more: Partial<Parameters<typeof findUser>[1]>) =>
    findUser(host, { relay: {}, service: undefined, dataDir: '/srv/relay', ...more }, never)
  t.same(await find({}), { uid: 1000, name: '1000' })
  t.same(await find({ service: unit }), { uid: 990, name: 'logrelay' })
  t.same(await find({ service: unit, relay: { pid: 9 } }), { uid: 990, name: 'logrelay' }, 'the effective one')
  t.same(await find({ service: unit, relay: { pid: 8 } }), { uid: 5, name: 'syslog' }, 'started by hand')
  t.same(await find({ relay: { silent: 'closed' } }), { uid: 12, name: '12' })
  t.same(await find({ service: parseService('LoadState=loaded\nUser=gone\n') }), { uid: undefined, name: 'gone' })
  const mute = parseService('LoadState=loaded\nUser=mute\n')
  t.same(await find({ service: mute }), { uid: 12, name: '12' }, 'id does not answer')
  t.same(await find({ service: mute, relay: { pid: 8 } }), { uid: 5, name: 'syslog' })
  t.same(await find({ service: parseService('LoadState=loaded\nUser=\n') }), { uid: 0, name: 'root' })
})
