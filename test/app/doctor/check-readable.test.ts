import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { checkReadable } from '../../../src/app/doctor/check-readable.ts'
import { type Host, thisHost } from '../../../src/app/doctor/host.ts'
import { syslogSink } from '../../support/relay-config.ts'
import { configOf, fakeHost, lines, never, situationOf } from './fake-host.ts'

const http = { type: 'http' as const, endpoints: ['http://127.0.0.1'], username: 'u' }
const sinks = {
  siem: { ...syslogSink('tls://127.0.0.1:1'), tls: { ca_file: '/run/credentials/logrelay.service/ca' } },
  web: { ...http, password: { file: '/secret one' } },
  other: { ...http, password: { file: 'a-credential' } },
}
const config = configOf({ sinks } as Parameters<typeof configOf>[0])
/** A host whose commands answer this. */
const answering = (answer: { status: number; out: string } | undefined, uid = 0): Host & { ran: string[] } => {
  const host = fakeHost({ uid })
  const run: Host['run'] = async (command, args) => {
    host.ran.push([command, ...args].join(' '))
    return answer
  }
  return { ...host, run }
}
const check = async (host: Host, more = {}) => lines(await checkReadable({ ...situationOf(), host, config, ...more }, never))

test('root asks as the user of the relay', async (t) => {
  const host = answering({ status: 0, out: '' })
  t.same(await check(host), ['ok configured files: user logrelay may read all 2'])
  t.match(
    host.ran[0],
    /^runuser -u logrelay -- sh -c .* sh \/etc\/logrelay\/logrelay\.yaml \/secret one$/s,
    'neither credentials nor what is relative',
  )
  t.same(await check(answering({ status: 0, out: '/secret one\0' })), [
    "problem configured files: user logrelay, who runs the relay, may not read /secret one: it cannot start, or not deliver $ chgrp logrelay '/secret one' && chmod g+r '/secret one'",
  ])
  t.match(await check(answering(undefined)), [/^unknown configured files: runuser/])
  t.match(await check(answering({ status: 1, out: '' })), [/^unknown configured files: runuser/], 'which does not know the user')
})

test('who is not root sees what the same user may read, and no more', async (t) => {
  const host = answering({ status: 0, out: '' }, 990)
  await check(host)
  t.match(host.ran[0], /^sh -c /)
  t.match(await check(answering(undefined, 5)), [/^unknown .* is for root to see/])
  t.match(await check(answering(undefined), { user: { uid: undefined, name: 'gone' } }), [/^problem .* user gone .* does not exist/])
  t.same(await check(answering(undefined), { user: { uid: 0, name: 'root' } }), [])
})

test('a real shell, with names that are hard to say', async (t) => {
  const dir = t.testdir()
  const [there, gone] = [join(dir, '$(id) "a\'b'), join(dir, 'not\nthere')]
  writeFileSync(there, '')
  chmodSync(there, 0o400)
  const named = configOf({ sinks: { a: { ...http, password: { file: there } }, b: { ...http, password: { file: gone } } } } as Parameters<
    typeof configOf
  >[0])
  const user = { uid: thisHost.uid + 1, name: 'same' }
  const sameUser: Host = { ...thisHost, uid: user.uid }
  const situation = { ...situationOf(), host: sameUser, user, config: named, configFile: undefined }
  t.match(lines(await checkReadable(situation, never)), [/^problem .* may not read \S*not\nthere: /])
})
