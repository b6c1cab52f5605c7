import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { Notifier } from '../../src/native/notifier.ts'
import { bindSendDatagram, socketAddress } from '../../src/native/unix-datagram.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { shortDir } from '../support/short-dir.ts'
import { bindReceiver } from './datagram-receiver.ts'

const log = new RecordingLogger()

/**
 * A systemd-notify that writes its arguments down, and an environment where it is the first one found. `all is up` waits
 * for `release`, so that whoever overtakes it is seen.
 */
function fakeCommand(dir: string, exitStatus = 0) {
  const record = join(dir, 'record')
  const gate = join(dir, 'gate')
  execFileSync('mkfifo', [gate])
  writeFileSync(record, '')
  const script = [
    '#!/bin/sh',
    `case "$*" in *"all is up"*) read -r _ < ${gate} ;; esac`,
    `echo "$NOTIFY_SOCKET $*" >> ${record}`,
    'echo wrong >&2',
    `exit ${exitStatus}`,
  ]
  writeFileSync(join(dir, 'systemd-notify'), `${script.join('\n')}\n`)
  chmodSync(join(dir, 'systemd-notify'), 0o755)
  const env = { PATH: `${dir}${delimiter}${process.env.PATH}`, NOTIFY_SOCKET: '/run/systemd/notify' }
  return { env, calls: () => readFileSync(record, 'utf8').trim().split('\n'), release: () => writeFile(gate, '\n') }
}

test('each message is one datagram, to a path and to an abstract name', async (t) => {
  const openFiles = () => readdirSync('/proc/self/fd').length
  for (const address of [join(shortDir(t), 'notify'), `@logrelay-test-${process.pid}`]) {
    const receiver = bindReceiver(t, address)
    const notifier = new Notifier({ log, env: { NOTIFY_SOCKET: address } })
    t.ok(notifier.active)
    await notifier.ready('1 pipeline\n  is ready')
    const before = openFiles()
    t.equal(receiver.receive(), 'READY=1\nSTATUS=1 pipeline; is ready')
    await notifier.status('nginx: the queue is full')
    t.equal(receiver.receive(), 'STATUS=nginx: the queue is full')
    const startedUsec = process.hrtime.bigint() / 1000n
    await notifier.reloading()
    const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(receiver.receive() ?? '') ?? []
    t.ok(BigInt(usec ?? 0) >= startedUsec && BigInt(usec ?? 0) <= process.hrtime.bigint() / 1000n, `${usec} is now`)
    await notifier.stopping('draining', 50_000)
    t.equal(receiver.receive(), 'STOPPING=1\nEXTEND_TIMEOUT_USEC=50000000\nSTATUS=draining')
    t.equal(receiver.receive(), undefined)
    t.equal(openFiles(), before)
  }
})

test('without NOTIFY_SOCKET nothing is done', async (t) => {
  const { env, calls } = fakeCommand(shortDir(t))
  const notifier = new Notifier({ log, env: { PATH: env.PATH, WATCHDOG_USEC: '1000' } })
  t.notOk(notifier.active)
  t.equal(notifier.watchdogIntervalMs, undefined)
  notifier.startWatchdog(() => t.fail('asked for health'))
  await notifier.ready('x')
  await notifier.stopping('x', 1)
  t.strictSame(calls(), [''])
})

test('where the C library cannot be called, or fails once, the command speaks for us, in order', async (t) => {
  let sent = 0
  const failsOnce = () => (sent++ === 0 ? new RelayError('INTERNAL', 'EAGAIN') : undefined)
  for (const sendDatagram of [undefined, failsOnce]) {
    const { env, calls, release } = fakeCommand(shortDir(t))
    const notifier = new Notifier({ log, env, sendDatagram })
    const all = [notifier.ready('all is up'), notifier.status('fine'), notifier.stopping('bye', 1000)]
    await release()
    await Promise.all(all)
    t.strictSame(calls(), [
      '/run/systemd/notify READY=1 STATUS=all is up',
      '/run/systemd/notify STATUS=fine',
      '/run/systemd/notify STOPPING=1 EXTEND_TIMEOUT_USEC=1000000 STATUS=bye',
    ])
    await notifier.status('and on')
    t.equal(calls().length, sendDatagram === undefined ? 4 : 3)
  }
})

test('a socket that takes no datagram is left to the command; where that fails too, it is logged once', async (t) => {
  const { env, calls } = fakeCommand(shortDir(t))
  const nowhere = { ...env, NOTIFY_SOCKET: join(shortDir(t), 'nobody') }
  const lines = new RecordingLogger()
  await new Notifier({ log: lines, env: nowhere }).ready('up')
  t.strictSame(calls(), [`${nowhere.NOTIFY_SOCKET} READY=1 STATUS=up`])
  t.match(lines.lines, [{ level: 'debug', fields: { error: { message: /ENOENT/ } } }])

  const failing = fakeCommand(shortDir(t), 1)
  const warned = new RecordingLogger()
  const notifier = new Notifier({ log: warned, env: failing.env, sendDatagram: undefined })
  await notifier.ready('up')
  await notifier.status('still up')
  t.equal(failing.calls().length, 2)
  t.match(warned.lines, [{ level: 'warn', message: 'systemd cannot be notified', fields: { error: { message: 'systemd-notify: wrong' } } }])
  t.equal(warned.lines.length, 1)
})

test('the watchdog is for us, at half of its time, as long as we are healthy', async (t) => {
  const interval = (env: NodeJS.ProcessEnv) => new Notifier({ log, env: { NOTIFY_SOCKET: '/run/x', ...env } }).watchdogIntervalMs
  t.equal(interval({ WATCHDOG_USEC: '30000000' }), 15_000)
  t.equal(interval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }), 15_000)
  t.equal(interval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }), undefined)
  for (const usec of ['', '0', '-1', 'soon']) t.equal(interval({ WATCHDOG_USEC: usec }), undefined)

  const address = join(shortDir(t), 'notify')
  const receiver = bindReceiver(t, address)
  const lines = new RecordingLogger()
  const notifier = new Notifier({ log: lines, env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: '2000' } })
  const answers = [true, true, false, false, true]
  const asked = Promise.withResolvers<void>()
  notifier.startWatchdog(() => {
    const answer = answers.shift()
    if (answer !== undefined) return answer
    asked.resolve()
    throw new Error('cannot tell')
  })
  // Its timer keeps no process alive, so the test does.
  const alive = setInterval(() => {}, 1000)
  await asked.promise
  clearInterval(alive)
  notifier.stopWatchdog()
  for (const answer of [1, 2, 3]) t.equal(receiver.receive(), 'WATCHDOG=1', `ping ${answer}`)
  t.equal(receiver.receive(), undefined)
  t.equal(lines.messages('error').length, 2)
  t.match(lines.lines.at(-1), { fields: { error: { message: 'cannot tell' } } })
})

test('addresses that are none', async (t) => {
  t.match(socketAddress('vsock:2:1'), { message: /neither a path nor/ })
  t.match(socketAddress('/'), { message: /neither a path nor/ })
  t.match(socketAddress(`/${'x'.repeat(107)}`), { message: /too long/ })
  t.equal((socketAddress(`/${'x'.repeat(106)}`) as Buffer).length, 2 + 108)
  t.match(bindSendDatagram()?.('vsock:2:1', Buffer.from('x')), { code: 'INTERNAL' })
})
