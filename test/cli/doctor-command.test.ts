import t from 'tap'
import type { Finding } from '../../src/app/doctor/finding.ts'
import { findingsOf } from '../../src/app/doctor/finding.ts'
import type { Examination } from '../../src/app/doctor/run-doctor.ts'
import { fakeRelay, run } from './fake-terminal.ts'

const [kernel, disk] = [findingsOf('kernel'), findingsOf('disk')]
const well = [kernel.ok('rmem_max', 'fine'), disk.warning('/srv', 'slow', 'findmnt /srv')]

function examined(findings: readonly Finding[], more: Partial<Examination> = {}) {
  const asked: unknown[] = []
  async function* found() {
    yield* findings
  }
  const doctor = async (options: unknown) => {
    asked.push(options)
    return { version: '1.2.3', configFile: '/etc/\x1bx.yaml', usable: true, findings: found(), interrupted: () => false, ...more }
  }
  return { asked, relay: fakeRelay({ doctor }) }
}

t.test('each topic has a part of its own, and the tally ends it', async (t) => {
  const { relay, asked } = examined(well)
  const { status, out, err, terminal } = await run(['doctor', '--config', 'a.yaml'], { relay })
  t.same([status, err], [0, ''])
  t.same(asked, [{ configFile: 'a.yaml' }])
  t.equal(
    out,
    'logrelay 1.2.3 looks at this host with /etc/\\x1bx.yaml\n\nKERNEL\n  ok  rmem_max  fine\n\n' +
      'DISK\n  warning  /srv  slow\n            findmnt /srv\n\n0 problems, 1 warning, 1 ok\n',
  )
  t.equal(terminal.writes, 4, 'what is known is shown at once')
})

t.test('the exit status', async (t) => {
  t.equal((await run(['doctor'], examined([...well, disk.problem('x', 'y')]))).status, 1)
  t.equal((await run(['doctor'], examined([disk.unknown('x', 'y')]))).status, 0)
  t.equal((await run(['doctor'], examined([...well, disk.problem('x', 'y')], { usable: false }))).status, 2)
  const interrupted = await run(['doctor'], examined(well, { interrupted: () => true }))
  t.same([interrupted.status, interrupted.err], [1, 'interrupted: not everything was looked at\n'])
})

t.test('--json is one document', async (t) => {
  const { status, out } = await run(['doctor', '--json'], examined([...well, disk.problem('\u009b', 'y')]))
  t.equal(status, 1)
  t.same(JSON.parse(out), {
    version: '1.2.3',
    configFile: '/etc/\x1bx.yaml',
    usable: true,
    findings: [...well, disk.problem('\u009b', 'y')],
  })
  t.notMatch(out, /[\u007f-\u009f]/)
})
