import t from 'tap'
import { renderStatus } from '../../src/cli/render-status.ts'
import { idlePolling } from '../support/fake-source.ts'
import { nowMs, pipeline, status } from './example-status.ts'

t.test('a line for each sink, and below what a person should know', async (t) => {
  t.equal(
    renderStatus(status, nowMs),
    `logrelay 1.2.3, process 42, running since 2026-11-03T09:00:00Z, /etc/logrelay/logrelay.yaml

PIPELINE  READY  RECEIVED  QUEUED  SINK  DELIVERED  REJECTED  DROPPED  STATE        NEXT TRY
nginx     yes       5,010   1,234  siem      3,764         2       10  backing off  in 32 s
                                   file      5,000         0       10  idle
asa       no            0   1,234

nginx: sink siem fails for 4 min: connection refused \\x1b[31m (ENDPOINT_UNREACHABLE)
nginx: 10 received but never stored (kernel)
asa: the queue is full
`,
  )
})

t.test('all is well: no notes', async (t) => {
  t.notMatch(renderStatus({ ...status, pipelines: {} }, nowMs), /\n\n.*\n\n/s)
})

t.test('a failing sink that a reason names already is named once', async (t) => {
  const reasons = ['sink siem fails: connection refused \u001b[31m; messages wait on disk']
  const text = renderStatus({ ...status, pipelines: { nginx: { ...pipeline, reasons } } }, nowMs)
  t.equal(text.match(/connection refused/g)?.length, 1)
})

t.test('a refused reload is not forgotten', async (t) => {
  const reasons = ['the last reload was refused, in part or as a whole: 2 errors']
  const reloadError = '2 errors\nf.yaml:1:1: error: a\n    write b\nf.yaml:2:1: error: c'
  const text = renderStatus({ ...status, pipelines: {}, reasons, reloadError }, nowMs)
  t.match(text, `\n\n${reasons}\nf.yaml:1:1: error: a\n    write b\nf.yaml:2:1: error: c\n`)
})

t.test('a source that fetches says how far it has come', async (t) => {
  const render = (polling: object) => {
    const source = { ...pipeline.source, polling: { ...idlePolling, ...polling } }
    return renderStatus({ ...status, pipelines: { trail: { ...pipeline, source } } }, nowMs)
  }
  t.match(render({ completed: 1234 }), 'trail: reads s3://logs/, idle: 1,234 objects read, 0 being read, 0 known to wait\n')
  t.match(
    render({ state: 'backing_off', retryAtMs: nowMs + 5000, failed: 2 }),
    /backing off, next try in 5 s: .*, 2 are dead letters \(logrelay deadletter ls\)\n/,
  )
})
