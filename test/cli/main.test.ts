import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const bin = fileURLToPath(new URL('../../bin/logrelay', import.meta.url))

t.jobs = 3

t.test('the program prints to standard output and sets the exit status', async (t) => {
  const child = spawn(bin, ['version'])
  const [out, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.match(out, /^logrelay \d/)
  t.equal(status, 0)
})

t.test('errors go to standard error', async (t) => {
  const child = spawn(bin, ['check', '--config', '/does/not/exist.yaml'])
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  t.equal(out, '')
  t.match(err, /^logrelay: there is no file \/does\/not\/exist.yaml\n/)
  t.equal(status, 2)
})

t.test('output that does not fit on the disk is a failure', async (t) => {
  for (const command of ['types', 'parse']) {
    const full = openSync('/dev/full', 'w')
    t.teardown(() => closeSync(full))
    const child = spawn(bin, [command], { stdio: ['pipe', full, 'pipe'] })
    child.stdin?.end('<13>1 - - - - - - a message\n')
    const [err, [status]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
    t.match(err, /^logrelay: cannot write to standard output: .*no space left.*FILE_UNWRITABLE/s, command)
    t.equal(status, 1, command)
  }
})

t.test('a reader that goes away ends `parse` quietly', async (t) => {
  const child = spawn(bin, ['parse'])
  // The end of the child closes its input under our hands.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => t.equal(error.code, 'EPIPE'))
  const feed = (): void => {
    while (child.stdin.writable && child.stdin.write('<13>1 - - - - - - a message\n'.repeat(1000)));
  }
  child.stdin.on('drain', feed)
  feed()
  child.stdout.once('data', () => child.stdout.destroy())
  const [err, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.equal(err, '')
  t.equal(status, 0)
})
