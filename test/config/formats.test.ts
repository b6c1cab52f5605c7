import t from 'tap'
import {
  cidr,
  endpoint,
  formatEndpoint,
  formatHostPort,
  formatHttpEndpoint,
  hostPort,
  httpEndpoint,
  indexPattern,
  name,
  startFrom,
  timezone,
} from '../../src/config/formats.ts'

t.test('endpoints', async (t) => {
  const schema = endpoint(['tcp', 'tls', 'udp'])
  const cases = [
    ['tls://siem.example.com:6514', { scheme: 'tls', host: 'siem.example.com', port: 6514 }],
    ['tls://siem', { scheme: 'tls', host: 'siem', port: 6514 }],
    ['tcp://10.0.0.1', { scheme: 'tcp', host: '10.0.0.1', port: 601 }],
    ['udp://[2001:db8::1]', { scheme: 'udp', host: '2001:db8::1', port: 514 }],
  ] as const
  for (const [text, value] of cases) t.same(schema.parse(text), value, text)
  t.equal(formatEndpoint(schema.parse('udp://[2001:db8::1]:1514')), 'udp://[2001:db8::1]:1514')
  for (const text of ['siem:514', 'http://siem', 'tcp://', 'tcp://a:b', 'tcp://a/b', 'tcp://2001:db8::1', 'tcp://a:70000', 'tcp://a:0']) {
    t.notOk(schema.safeParse(text).success, text)
  }
})

t.test('addresses to listen on', async (t) => {
  t.same(hostPort().parse('127.0.0.1:9440'), { host: '127.0.0.1', port: 9440 })
  t.same(hostPort().parse('[::1]:0'), { host: '::1', port: 0 })
  t.equal(formatHostPort({ host: '::1', port: 9440 }), '[::1]:9440')
  for (const text of ['9440', ':9440', 'a', '::1:9440', 'a:70000']) t.notOk(hostPort().safeParse(text).success, text)
})

t.test('networks, names and zones', async (t) => {
  for (const text of ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1', '::1']) t.ok(cidr().safeParse(text).success, text)
  for (const text of ['10.0.0.0/33', 'localhost', '10', '10.0.0', '']) t.notOk(cidr().safeParse(text).success, text)
  for (const text of ['nginx', 'A-1.b_c', '9']) t.ok(name().safeParse(text).success, text)
  for (const text of ['', '.hidden', '../up', 'a b', '__proto__', 'x'.repeat(64)]) t.notOk(name().safeParse(text).success, text)
  for (const text of ['UTC', 'Europe/Berlin', '+02:00']) t.ok(timezone().safeParse(text).success, text)
  for (const text of ['Mars/Base', '', '+25:00']) t.notOk(timezone().safeParse(text).success, text)
})

t.test('HTTP endpoints', async (t) => {
  const schema = httpEndpoint()
  for (const [text, endpoint, written] of [
    ['https://es:9200', { scheme: 'https', host: 'es', port: 9200, path: '' }, 'https://es:9200'],
    ['https://es', { scheme: 'https', host: 'es', port: 443, path: '' }, 'https://es:443'],
    ['http://[2001:db8::1]:80/a/b/', { scheme: 'http', host: '2001:db8::1', port: 80, path: '/a/b/' }, 'http://[2001:db8::1]:80/a/b/'],
    ['https://hook/x?key=1', { scheme: 'https', host: 'hook', port: 443, path: '/x?key=1' }, 'https://hook:443/x'],
  ] as const) {
    const parsed = schema.parse(text)
    t.same(parsed, endpoint)
    t.equal(formatHttpEndpoint(parsed), written, 'a query may hold a secret and is not shown')
  }
})

t.test('names of indices', async (t) => {
  for (const good of ['syslog', 'syslog-{yyyy.MM.dd}', '{pipeline}-{device}-{yyyy.MM}']) t.equal(indexPattern().parse(good), good)
  for (const bad of ['', '-a', '_a', 'a b', 'A', 'a/{yyyy}', 'a-{hostname}', 'a-{yyyy', 'x'.repeat(201)])
    t.notOk(indexPattern().safeParse(bad).success, bad)
})

t.test('where to begin', async (t) => {
  t.equal(startFrom().parse('now'), 'now')
  t.equal(startFrom().parse('2026-01-31T00:00:00Z'), Date.UTC(2026, 0, 31))
  for (const bad of ['later', '2026', '2026-13-01', '']) t.notOk(startFrom().safeParse(bad).success, bad)
})
