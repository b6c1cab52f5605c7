import t from 'tap'
import { renderMessage, renderQueues } from '../../src/cli/render-queue.ts'
import { nowMs, queue } from './example-status.ts'

t.test('depth, age, cursors and dead letters', async (t) => {
  const empty = {
    ...queue,
    condition: 'disk_full' as const,
    detail: 'less than 256MiB is free',
    messages: 0,
    bytes: 0,
    maxBytes: 0,
    cursors: {},
  }
  const { oldestAtMs: _, ...withoutAge } = empty
  t.equal(
    renderQueues({ nginx: queue, asa: withoutAge }, nowMs),
    `PIPELINE  STATE      MESSAGES  ON DISK  LIMIT  FULL  OLDEST  NEXT  SINK  CURSOR  DEAD LETTERS
nginx     open          1,234  1.2 MiB  1 GiB   0 %   5 min  5000  siem    3766             2
                                                                   file    5000             0
asa       disk full         0      0 B    0 B                5000

asa: less than 256MiB is free
asa: 2 dead letters of siem (logrelay deadletter ls)
`,
  )
})

t.test('a message on one line, nothing in it that a terminal obeys', async (t) => {
  const bytes = Buffer.from('<13>hi \u001b]0;owned\u0007\nsecond\u2028line ü').toString('base64')
  const message = { seq: 7, peer: '192.0.2.1', transport: 'tls' as const, receivedAtMs: nowMs + 5, flags: 3, bytes }
  t.equal(
    renderMessage(message),
    '7  2026-11-03T10:00:00.005Z  192.0.2.1 tls [truncated, cut off]  <13>hi \\x1b]0;owned\\x07\\x0asecond\\u2028line ü\n',
  )
  t.match(renderMessage({ ...message, flags: 0 }), /192\.0\.2\.1 tls {2}<13>/)
  t.match(renderMessage({ ...message, flags: 8 }), /\[8\]/, 'a flag of a later version')
})
