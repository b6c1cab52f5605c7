import fc from 'fast-check'
import t from 'tap'
import type { Config } from '../../../src/config/schema.ts'
import { memoryBound } from '../../../src/planning/unit/memory-bound.ts'
import { unitConfig } from './unit-config.ts'

const mebibyte = 2 ** 20

function itemOf(config: Config, name: string): number {
  return memoryBound(config).items.find((item) => item.name === name)?.bytes ?? 0
}

t.test('it is the sum of its items, each of which has a name of its own', async (t) => {
  const { items, bytes } = memoryBound(unitConfig())
  t.equal(
    bytes,
    items.reduce((sum, item) => sum + item.bytes, 0),
  )
  t.equal(new Set(items.map(({ name }) => name)).size, items.length)
})

t.test('what was measured under full load stays below it, and not far below', async (t) => {
  // TCP in and out, flat out, no more connections than the senders have: RSS with mapped files, MiB.
  const receiver = { type: 'syslog', endpoints: ['tcp://siem:601'] }
  const cases: [measured: number, config: Config][] = [
    [247, unitConfig({ sink: receiver })],
    [271, unitConfig({ sink: receiver, queue: { durability: 'assisted' } })],
    [518, unitConfig({ sink: receiver, source: { max_connections: 2000 } })],
    [482, unitConfig({ sink: receiver, source: { max_message_size: '4MiB' } })],
    [886, unitConfig({ sink: receiver, source: { max_message_size: '16MiB' } })],
  ]
  for (const [measured, config] of cases) {
    const bound = memoryBound(config).bytes / mebibyte
    t.ok(bound > measured && bound < 4 * measured, `${Math.round(bound)} MiB for ${measured}`)
  }
})

t.test('an item is counted from the constants of the code', async (t) => {
  // 16 MiB being stored and the same compressed, 16 MiB kept, half as much beside them; six segments of 8 MiB; the store.
  t.equal(itemOf(unitConfig(), 'pipeline p: queue'), (1.5 * 48 + 6 * 8 + 6) * mebibyte)
  // Idle, a message, a chunk, the kernel's buffer, which grows where the connection is fast; over RELP answers too.
  t.equal(itemOf(unitConfig(), 'pipeline p: connections'), 10 * ((36 + 64 + 64 + 128) * 1024 + 6 * mebibyte))
  t.equal(
    itemOf(unitConfig({ source: { type: 'relp', port: 1 } }), 'pipeline p: connections'),
    10 * ((36 + 64 + 64 + 128 + 256) * 1024 + 6 * mebibyte),
  )
  t.equal(itemOf(unitConfig(), 'pipeline p: datagrams'), (4 + 2 * 8) * mebibyte)
  t.ok(itemOf(unitConfig({ source: { type: 's3', bucket: 'b' } }), 'pipeline p: objects that are read') > 4 * 128 * mebibyte)
})

t.test('each key that an item names raises it', async (t) => {
  const syslog = { type: 'syslog', endpoints: ['tcp://a:1', 'tcp://b:1'] }
  const http = { type: 'http', endpoints: ['https://a'] }
  const cases: [key: string, less: Config, more: Config][] = [
    ['max_connections', unitConfig(), unitConfig({ source: { max_connections: 20 } })],
    ['max_connections', unitConfig({ source: { max_message_size: 1024 } }), unitConfig({ source: { max_message_size: 65_536 } })],
    ['receive_buffer', unitConfig(), unitConfig({ source: { receive_buffer: '16MiB' } })],
    ['receive_buffer', unitConfig(), unitConfig({ source: { udp_sockets: 4 } })],
    ['max_size', unitConfig({ queue: { max_size: '16MiB' } }), unitConfig({ queue: { max_size: '1GiB' } })],
    [
      'max_memory',
      unitConfig({ queue: { durability: 'assisted' } }),
      unitConfig({ queue: { durability: 'assisted', max_memory: '97MiB' } }),
    ],
    ['max_batch_size', unitConfig(), unitConfig({ sink: { type: 'file', max_batch_size: '2MiB' } })],
    ['max_batch_size', unitConfig({ sink: syslog }), unitConfig({ sink: { ...syslog, balance: 'round_robin' } })],
    ['max_request_size', unitConfig({ sink: http }), unitConfig({ sink: { ...http, max_request_size: '9MiB' } })],
    ['max_request_size', unitConfig({ sink: http }), unitConfig({ sink: { ...http, max_requests_in_flight: 5 } })],
    [
      'concurrency',
      unitConfig({ source: { type: 's3', bucket: 'b' } }),
      unitConfig({ source: { type: 's3', bucket: 'b', concurrency: 5 } }),
    ],
  ]
  const sum = (config: Config, key: string) =>
    memoryBound(config).items.reduce((all, item) => all + (item.key?.endsWith(`.${key}`) ? item.bytes : 0), 0)
  for (const [key, less, more] of cases) {
    t.ok(sum(less, key) > 0, key)
    t.ok(sum(more, key) > sum(less, key), key)
  }
})

t.test('what is not there takes nothing', async (t) => {
  const tcp = unitConfig({ source: { transports: ['tcp'] } })
  t.equal(itemOf(tcp, 'pipeline p: datagrams') + itemOf(tcp, 'the thread that receives datagrams'), 0)
  t.ok(itemOf(tcp, 'pipeline p: connections') < itemOf(unitConfig(), 'pipeline p: connections'), 'TLS takes more')
  const udp = unitConfig({ source: { transports: ['udp'], max_connections: 1_000_000 } })
  t.equal(itemOf(udp, 'pipeline p: connections'), 0)
  const unused = unitConfig({
    sinks: { s: { type: 'file' }, unused: { type: 'http', endpoints: ['https://a'], max_request_size: '256MiB' } },
  })
  t.same(memoryBound(unused), memoryBound(unitConfig()))
})

t.test('another pipeline never takes less', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 16 * mebibyte }), (max_connections, max_message_size) => {
      const source = { type: 'syslog' as const, port: 1, max_connections, max_message_size }
      const one = { source, sinks: ['s'] }
      const alone = memoryBound(unitConfig({ pipelines: { a: one } }))
      const both = memoryBound(unitConfig({ pipelines: { a: one, b: one } }))
      return both.bytes > alone.bytes && both.bytes < 2 * alone.bytes && Number.isInteger(both.bytes)
    }),
  )
  t.pass()
})
