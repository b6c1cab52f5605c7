import t from 'tap'
import type { PipelineLetters } from '../../src/cli/relay-api.ts'
import { renderLetterGroups } from '../../src/cli/render-letters.ts'

const minute = 60_000

t.test('groups of a sink, with what else a person should know', async (t) => {
  const group = {
    id: '1a2b3c4d',
    code: 'DOCUMENT_REFUSED' as const,
    reason: 'failed to parse \x1b[status]',
    messages: 1234,
    oldestAtMs: 0,
    newestAtMs: 170 * minute,
  }
  const siem: PipelineLetters = { pipeline: 'nginx', sink: 'siem', messages: 1240, bytes: 1, evicted: 20_000, groups: [group] }
  const gone: PipelineLetters = {
    pipeline: 'asa',
    sink: 'old',
    messages: 1,
    bytes: 1,
    evicted: 0,
    gone: true,
    groups: [{ ...group, messages: 1 }],
  }
  t.equal(
    renderLetterGroups([siem, gone], 180 * minute),
    [
      'PIPELINE  SINK  GROUP     MESSAGES  OLDEST  NEWEST  REASON',
      'nginx     siem  1a2b3c4d     1,234     3 h  10 min  DOCUMENT_REFUSED: failed to parse \\x1b[status]',
      'asa       old   1a2b3c4d         1     3 h  10 min  DOCUMENT_REFUSED: failed to parse \\x1b[status]',
      '',
      'nginx, sink siem: 6 more are not listed: in too many groups, damaged, or refused a moment ago',
      'nginx, sink siem: 20,000 older ones were deleted to make room (dead_letters.max_messages, max_size)',
      'asa, sink old: it is not configured any more: they can be shown and dropped, not replayed',
      '',
    ].join('\n'),
  )
})
