import t from 'tap'
import { deviceType, deviceTypes, isDeviceType } from '../../src/config/device-types.ts'
import { effectivePort } from '../../src/config/effective-port.ts'

t.test('every type has a port of its own in the published range', async (t) => {
  t.equal(new Set(deviceTypes.map(({ port }) => port)).size, deviceTypes.length)
  t.equal(new Set(deviceTypes.map(({ name }) => name)).size, deviceTypes.length)
  for (const { name, port } of deviceTypes) t.ok(port >= 10_400 && port <= 10_499, name)
  t.equal(deviceType('nginx')?.port, 10_435, 'part of the contract')
})

t.test('types that may stop passing traffic are known', async (t) => {
  t.equal(deviceType('cisco-asa')?.stopsWhenRefused, true)
  t.equal(deviceType('nginx')?.stopsWhenRefused, undefined)
  t.notOk(isDeviceType('constructor'))
})

t.test('a source without a port has the port of its type', async (t) => {
  t.equal(effectivePort({ device: 'nginx' }), 10_435)
  t.equal(effectivePort({ device: 'nginx', port: 5514 }), 5514)
  t.equal(effectivePort({ device: 'nginx', port: 0 }), 0, 'the system chooses')
})
