import { test } from 'tap'
import { checkAddons } from '../../../src/app/doctor/check-addons.ts'
import { RelayError } from '../../../src/core/errors.ts'
import { lines } from './fake-host.ts'

test('what the single executable carries is loaded, or it is said what to set', async (t) => {
  const loaded: string[] = []
  const names = ['a.node', 'b.node']
  t.strictSame(lines(await checkAddons({ names, load: (name) => loaded.push(name) })), [
    'ok built-in libraries: a.node and b.node can be loaded',
  ])
  t.strictSame(loaded, names)
  const load = (name: string) => {
    if (name === 'b.node') throw new RelayError('ADDON_UNAVAILABLE', 'b.node has no place')
  }
  t.match(lines(await checkAddons({ names, load })), [
    /^problem built-in libraries: b\.node has no place: .*\$ .*export LOGRELAY_CACHE_DIR=/,
  ])
})
