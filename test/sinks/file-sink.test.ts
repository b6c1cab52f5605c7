import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { type Test, test } from 'tap'
import { FileSink } from '../../src/sinks/file-sink.ts'
import type { FormatMessage } from '../../src/syslog/formatter.ts'
import { sinkConformance } from '../conformance/sink-conformance.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { numberedMessages, storedBatch } from '../support/sink-batches.ts'
import { lines } from '../support/sink-receiver.ts'

const never = new AbortController().signal
const options = { line_feeds: 'escape', max_file_size: 1e9, max_files: 3 } as const

function fileSink(
  t: Test,
  path: string,
  different: Partial<ConstructorParameters<typeof FileSink>[0]> = {},
  format: FormatMessage | 'raw' = 'raw',
) {
  const sink = new FileSink({ ...options, ...different }, { path, format, logger: new RecordingLogger() })
  t.teardown(() => sink.stop(never))
  return sink
}

sinkConformance('file', async (t, format) => {
  const dir = `${t.testdir({})}/a/b`
  const path = `${dir}/out.log`
  return {
    sink: fileSink(t, path, {}, format),
    received: async () => lines(readFileSync(path)),
    // A directory where the file should be: nobody can write there, root neither.
    break: async () => {
      renameSync(path, `${path}.kept`)
      mkdirSync(path)
    },
    repair: async () => {
      rmSync(path, { recursive: true })
      renameSync(`${path}.kept`, path)
    },
  }
})

sinkConformance('standard output', async (_, format) => {
  const output = { text: '', broken: false, stalled: false }
  const standardOutput = new Writable()
  // A real pipe stays broken; this one can be mended, to show that nothing was lost meanwhile.
  standardOutput.write = ((chunk: Buffer, written: (error?: Error) => void) => {
    if (output.stalled) return false
    if (!output.broken) output.text += chunk.toString('latin1')
    setImmediate(written, output.broken ? Object.assign(new Error('broken pipe'), { code: 'EPIPE' }) : undefined)
    return true
  }) as Writable['write']
  return {
    sink: new FileSink(options, { path: '-', format, logger: new RecordingLogger(), standardOutput }),
    received: async () => lines(Buffer.from(output.text, 'latin1')),
    break: async () => {
      output.broken = true
    },
    repair: async () => {
      output.broken = false
    },
    stall: () => {
      output.stalled = true
    },
  }
})

test('a reader of standard output that goes away is a retry and not the end of the process', async (t) => {
  const script = new URL('../support/sink-standard-output.ts', import.meta.url).pathname
  const run = (reader: string) => {
    const env = { PATH: process.env.PATH }
    return new Promise<unknown>((resolve, reject) => {
      execFile('sh', ['-c', `"$0" "$1" | ${reader}`, process.execPath, script], { env, maxBuffer: 2e6 }, (error, stdout, stderr) =>
        error ? reject(error) : resolve([stdout.length, JSON.parse(stderr)]),
      )
    })
  }
  const delivered = [[0, 511]]
  t.same(await run('cat'), [2 * 512 * 1025, [{ delivered }, { delivered }]])
  const error = 'cannot write to standard output: nobody reads it any more'
  t.same(await run('true'), [
    0,
    [
      { delivered: [], error },
      { delivered: [], error },
    ],
  ])
})

test('a line feed inside a message becomes what the configuration says', async (t) => {
  const dir = t.testdir({})
  for (const [line_feeds, expected] of [
    ['escape', 'one#012two\r\n'],
    ['space', 'one two\r\n'],
    ['keep', 'one\ntwo\r\n'],
  ] as const) {
    const path = `${dir}/${line_feeds}.log`
    await fileSink(t, path, { line_feeds }).send(storedBatch(['one\ntwo\r']), never)
    t.equal(readFileSync(path, 'utf8'), expected)
  }
})

test('a file is rotated before it grows beyond its size, and only so many are kept', async (t) => {
  const path = `${t.testdir({})}/out.log`
  const sink = fileSink(t, path, { max_file_size: 1000, max_files: 2 })
  const messages = numberedMessages(50)
  const outcome = await sink.send(storedBatch(messages.slice(0, 49)), never)
  t.same(outcome, { delivered: [[0, 48]], rejected: [] })
  t.same((await sink.send(storedBatch(messages.slice(49)), never)).delivered, [[0, 0]])
  t.same(readdirSync(dirname(path)).sort(), ['out.log', 'out.log.1', 'out.log.2'])
  const kept = ['out.log.2', 'out.log.1', 'out.log'].map((name) => readFileSync(`${dirname(path)}/${name}`))
  t.ok(
    kept.every((bytes) => bytes.length <= 1000),
    'none is larger than allowed',
  )
  t.same(lines(Buffer.concat(kept)), messages.slice(-kept.flatMap(lines).length), 'the newest messages, in order')
})

test('a file that logrotate moved, removed or truncated is opened anew', async (t) => {
  const path = `${t.testdir({})}/out.log`
  const sink = fileSink(t, path)
  const send = (text: string) => sink.send(storedBatch([text]), never)
  await send('one')
  renameSync(path, `${path}.moved`)
  await send('two')
  t.equal(readFileSync(path, 'utf8'), 'two\n')
  t.equal(readFileSync(`${path}.moved`, 'utf8'), 'one\n')
  rmSync(path)
  await send('three')
  t.equal(readFileSync(path, 'utf8'), 'three\n')
  truncateSync(path, 0)
  await send('four')
  t.equal(readFileSync(path, 'utf8'), 'four\n')
})

test('half a line that a killed process left is not joined to the next', async (t) => {
  const path = `${t.testdir({ 'out.log': 'whole\nhal' })}/out.log`
  await fileSink(t, path).send(storedBatch(['next']), never)
  t.equal(readFileSync(path, 'utf8'), 'whole\nhal\nnext\n')
})

test('a write that the disk takes only in part leaves no half line', async (t) => {
  const path = `${t.testdir({})}/out.log`
  const script = new URL('../support/sink-limited-file.ts', import.meta.url).pathname
  // 4 KiB are all that this file may have: the kernel takes the beginning of the second batch and then refuses.
  const output = await new Promise<string>((resolve, reject) => {
    const env = { PATH: process.env.PATH }
    execFile('sh', ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, script, path], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
  t.same(JSON.parse(output), [{ delivered: [[0, 19]] }, { delivered: [], code: 'FILE_UNWRITABLE' }])
  t.same(lines(readFileSync(path)), numberedMessages(20))
})

test('standard output that is a file on a full disk: nothing counts as delivered that is not in it, and no line is joined to half of another', async (t) => {
  const path = `${t.testdir({})}/out.log`
  const script = new URL('../support/sink-limited-output.ts', import.meta.url).pathname
  const answers = await new Promise<string>((resolve, reject) => {
    const env = { PATH: process.env.PATH }
    execFile('sh', ['-c', 'ulimit -f 8; exec "$0" "$1" >> "$2"', process.execPath, script, path], { env }, (error, _, stderr) =>
      error ? reject(error) : resolve(stderr),
    )
  })
  t.same(JSON.parse(answers), [
    { delivered: [[0, 19]] },
    { delivered: [], code: 'FILE_UNWRITABLE' },
    { delivered: [[0, 0]] },
    { delivered: [[0, 0]] },
  ])
  t.same(lines(readFileSync(path)), [...numberedMessages(20), numberedMessages(1)[0]?.slice(0, 5), 'after', 'that'])
})

test('an abort takes back what was written', async (t) => {
  const path = `${t.testdir({})}/out.log`
  const abort = new AbortController()
  const sink = fileSink(t, path, { max_file_size: 500 * 1024 }, ({ bytes }) => {
    if (bytes.includes('message 5000 ')) abort.abort()
    return bytes
  })
  await sink.send(storedBatch(['cut by somebody else']), never)
  truncateSync(path, 0)
  await sink.send(storedBatch(['before']), never)
  const outcome = await sink.send(storedBatch(numberedMessages(6000)), abort.signal)
  t.same(outcome.delivered, [])
  t.equal(outcome.retry?.error.code, 'FILE_UNWRITABLE')
  await sink.send(storedBatch(['after']), never)
  t.same(lines(readFileSync(path)), ['before', 'after'])
})

test('two pipelines may write to the same file, rotation and all', async (t) => {
  const path = `${t.testdir({})}/shared.log`
  const sinks = [1, 2].map(() => fileSink(t, path, { max_file_size: 2000, max_files: 1000 }))
  const messages = numberedMessages(400)
  const half = (i: number) => messages.filter((_, at) => at % 2 === i)
  await Promise.all(
    sinks.map(async (sink, i) => {
      for (let at = 0; at < 200; at += 20) await sink.send(storedBatch(half(i).slice(at, at + 20)), never)
    }),
  )
  const files = readdirSync(dirname(path)).map((name) => readFileSync(`${dirname(path)}/${name}`))
  t.same(files.flatMap(lines).sort(), messages.sort())
})

test('a file that cannot be is refused at the start; one that becomes unwritable is a retry', async (t) => {
  const dir = t.testdir({ file: '' })
  await t.rejects(fileSink(t, `${dir}/file/out.log`).start(), { code: 'FILE_UNWRITABLE', message: /not a directory/ })
  await t.rejects(fileSink(t, dir).start(), { code: 'FILE_UNWRITABLE', message: /it is a directory/ })
  const error = { code: 'FILE_UNWRITABLE', message: 'cannot write to /dev/null: it is no regular file', hint: /"path: -"/ }
  await t.rejects(fileSink(t, '/dev/null').start(), error)
  const full = await fileSink(t, '/dev/full').send(storedBatch(['x']), never)
  t.match(full.retry?.error, { code: 'FILE_UNWRITABLE', message: 'cannot write to /dev/full: the disk is full', hint: /room/ })
})

test('an output that hangs keeps the bytes after the abort was answered', async (t) => {
  const stdout = new Writable()
  let written: (error?: Error) => void = () => {}
  const writing = new Promise<void>((resolve) => {
    stdout.write = ((_: Buffer, done: (error?: Error) => void) => {
      written = done
      resolve()
      return true
    }) as Writable['write']
  })
  const sink = new FileSink(options, { path: '-', format: 'raw', logger: new RecordingLogger(), standardOutput: stdout })
  let held = 0
  const released = Promise.withResolvers<void>()
  const memory = {
    retain: () => {
      held++
    },
    release: () => {
      held--
      released.resolve()
    },
  }
  const stop = new AbortController()
  const sending = sink.send({ ...storedBatch(numberedMessages(3)), memory }, stop.signal)
  await writing
  stop.abort()
  t.ok((await sending).retry)
  t.equal(held, 1)
  written()
  await released.promise
  t.equal(held, 0)
  await sink.stop(never)
})
