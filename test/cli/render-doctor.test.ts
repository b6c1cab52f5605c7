import t from 'tap'
import { findingsOf } from '../../src/app/doctor/finding.ts'
import { renderTally, renderTopic } from '../../src/cli/render-doctor.ts'

const { ok, warning, problem, unknown } = findingsOf('sinks')

t.test('findings are aligned, the command below its finding is a line of its own', async (t) => {
  const findings = [ok('a', 'works'), problem('longer', 'does not', 'nc -vz a 1'), unknown('b', 'no time')]
  t.equal(
    renderTopic('sinks', findings),
    'SINKS\n  ok       a       works\n  problem  longer  does not\n            nc -vz a 1\n  unknown  b       no time\n\n',
  )
})

t.test('nothing that files and peers say controls the terminal or breaks a line', async (t) => {
  const hostile = '\x1b[2J\n\u009b'
  const text = renderTopic('sinks', [warning(hostile, hostile, hostile)])
  t.equal(text.split('\n').length, 5)
  t.notMatch(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f]/)
})

t.test('the tally', async (t) => {
  t.equal(renderTally([]), '0 problems, 0 warnings, 0 ok\n')
  t.equal(
    renderTally([problem('', ''), warning('', ''), warning('', ''), unknown('', ''), ok('', '')]),
    '1 problem, 2 warnings, 1 unknown, 1 ok\n',
  )
})
