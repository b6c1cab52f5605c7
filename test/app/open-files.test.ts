import { test } from 'tap'
import { connectionLimit, findOpenFiles, openFilesLimit } from '../../src/app/open-files.ts'
import { fileSink, pipeline, syslogSink } from '../support/relay-config.ts'
import { parsedConfig } from '../support/relay-in-process.ts'

test('the open files that a process may have are read as the kernel prints them', async (t) => {
  const limits = 'Limit                     Soft Limit           Hard Limit           Units     \n'
  t.equal(
    findOpenFiles(
      `${limits}Max processes   7   7   processes\nMax open files            1024                 524288               files     \n`,
    ),
    1024,
  )
  t.equal(
    findOpenFiles(`${limits}Max open files            unlimited            unlimited            files     \n`),
    Number.POSITIVE_INFINITY,
  )
  t.ok(openFilesLimit() > 100, 'this process has some')
})

test('queues, sinks and listeners keep the files they need, and half of all at most', async (t) => {
  const sinks = { siem: syslogSink('tcp://127.0.0.1:1'), file: fileSink() }
  const one = parsedConfig('/nowhere', { sinks, pipelines: { main: pipeline(['siem']) } })
  const two = parsedConfig('/nowhere', { sinks, pipelines: { main: pipeline(['siem']), other: pipeline(['siem', 'file']) } })
  const left = connectionLimit(one, 10_000)
  t.ok(left > 9000 && left < 10_000, `${left} of 10,000`)
  t.equal(left - connectionLimit(two, 10_000), 172, '168 for a queue, two for each of two sinks')
  t.equal(connectionLimit(one, 128), 64)
})
