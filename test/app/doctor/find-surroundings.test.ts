import { test } from 'tap'
import { findSurroundings } from '../../../src/app/doctor/find-surroundings.ts'
import type { Host } from '../../../src/app/doctor/host.ts'
import { fakeHost, never } from './fake-host.ts'

test('a systemd that does not answer takes no time from the question for the user', async (t) => {
  const host = fakeHost({ uid: 1000, stats: { '/run/systemd/system': {} } })
  const run: Host['run'] = async (command, _args, signal) => {
    if (command === 'id') return signal.aborted ? undefined : { status: 0, out: 'ann\n' }
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return undefined
  }
  // The timer of a signal alone keeps no process alive.
  const awake = setTimeout(() => {}, 10_000)
  t.same(await findSurroundings({ ...host, run }, undefined, never, 30), {
    service: undefined,
    relay: {},
    user: { uid: 1000, name: 'ann' },
  })
  clearTimeout(awake)
})
