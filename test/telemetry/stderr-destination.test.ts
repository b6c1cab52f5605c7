import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { StderrDestination } from '../../src/telemetry/stderr-destination.ts'

/** Both ends of a pipe in one descriptor, which never waits. */
function pipe(t: Test): number {
  const path = join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  t.teardown(() => closeSync(fd))
  return fd
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(1 << 20)
  return bytes.toString('utf8', 0, readSync(fd, bytes))
}

test('a reader that stopped costs lines, which are counted, and gets the number once it reads again', async (t) => {
  const fd = pipe(t)
  const destination = new StderrDestination(fd, 20)
  const line = `${'x'.repeat(1023)}\n`
  let written = 0
  while (destination.lost === 0) {
    destination.write(line)
    written++
  }
  const waits = t.capture(Atomics, 'wait')
  for (let i = 0; i < 9; i++) destination.write(line)
  t.equal(waits().length, 0, 'it has waited once')
  t.equal(destination.lost, 10)
  t.equal(readAll(fd), line.repeat(written - 1))
  destination.write('{"msg":"well again"}\n')
  t.equal(destination.lost, 0)
  const [notice, last] = readAll(fd)
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
  t.match(notice, { level: 'warn', lost: 10, msg: '10 log lines could not be written' })
  t.equal(last.msg, 'well again')
})

test('a line that went out in part is ended before the next one', async (t) => {
  const fd = pipe(t)
  const destination = new StderrDestination(fd, 20)
  const long = `${'y'.repeat(1 << 17)}\n`
  destination.write(long)
  t.equal(destination.lost, 1)
  const part = readAll(fd)
  t.ok(part.length > 0 && part.length < long.length)
  destination.write('{"msg":"next"}\n')
  t.match(readAll(fd), /^\n\{.*"lost":1.*\}\n\{"msg":"next"\}\n$/)
})

test('a log that cannot be written ends nothing', async (t) => {
  const fd = openSync('/dev/null', 'r')
  t.teardown(() => closeSync(fd))
  const destination = new StderrDestination(fd)
  destination.write('x\n')
  t.equal(destination.lost, 1)
})

test('the last line before an exit is on standard error', async (t) => {
  const module = new URL('../../src/telemetry/create-logger.ts', import.meta.url).href
  const script = `import { createLogger } from '${module}'; createLogger({ level: 'info' }).error({}, 'last words'); process.exit(3)`
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  t.equal(status, 3, stderr)
  t.equal(JSON.parse(stderr).msg, 'last words')
  t.equal(stdout, '')
})
