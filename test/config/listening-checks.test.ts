import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import type { Problem } from '../../src/config/problems.ts'
import { matchAll } from './match-all.ts'

function check(top: string, a: string, b: string, firstPort = 1024): readonly Problem[] {
  const text = `${top}
sinks: { f: { type: file } }
pipelines:
  a: { source: { type: syslog, ${a} }, sinks: [f] }
  b: { source: { type: syslog, ${b} }, sinks: [f] }
`
  const result = parseConfig(text, 'f.yaml', { firstPort })
  return result.ok ? result.warnings : result.problems
}

t.test('two pipelines on one port', async (t) => {
  const clashes: [string, string][] = [
    ['port: 5514', 'port: 5514'],
    ['device: nginx', 'device: nginx'],
    ['device: nginx', 'port: 10435'],
    ['port: 5514, host: 127.0.0.1', 'port: 5514, host: 0.0.0.0'],
    ['port: 5514, host: 127.0.0.1', 'port: 5514, host: "::"'],
    ['port: 5514, host: "::ffff:127.0.0.1"', 'port: 5514, host: 127.0.0.1'],
    ['port: 5514, host: localhost', 'port: 5514, host: "::1"'],
    ['port: 5514, transports: [tcp]', 'port: 5514, transports: [tls]'],
  ]
  for (const [a, b] of clashes) {
    matchAll(
      t,
      check('', a, b),
      [{ severity: 'error', path: 'pipelines.b.source.port', message: /is taken: pipeline a listens on/, hint: /set "port:"/ }],
      `${a} | ${b}`,
    )
  }
})

t.test('pipelines that do not meet', async (t) => {
  const pairs: [string, string][] = [
    ['port: 5514', 'port: 5515'],
    ['port: 0', 'port: 0'],
    ['port: 5514, host: 127.0.0.1', 'port: 5514, host: 127.0.0.2'],
    ['port: 5514, host: 0.0.0.0', 'port: 5514, host: "::1"'],
    ['port: 5514, transports: [udp]', 'port: 5514, transports: [tcp, tls]'],
  ]
  for (const [a, b] of pairs) t.same(check('', a, b), [], `${a} | ${b}`)
})

t.test('admin and health have ports of their own', async (t) => {
  matchAll(t, check('admin: { listen: "127.0.0.1:5514" }', 'port: 5514', 'port: 1'), [
    { severity: 'error', path: 'pipelines.a.source.port', message: '[::]:5514 is taken: admin listens on 127.0.0.1:5514' },
    { severity: 'warning' },
  ])
  matchAll(t, check('health: { listen: "0.0.0.0:9440" }', 'port: 5514', 'port: 5515'), [
    { path: 'health.listen', message: /is taken: admin/ },
  ])
  t.same(check('admin: { listen: "127.0.0.1:5514" }', 'port: 5514, transports: [udp]', 'port: 5515'), [])
})

t.test('ports that need a privilege', async (t) => {
  matchAll(t, check('', 'port: 514', 'port: 1024'), [
    { severity: 'warning', path: 'pipelines.a.source.port', message: /^port 514 needs a privilege/ },
  ])
  t.same(check('', 'port: 514', 'port: 1024', 0), [])
})

t.test('an admin endpoint for everybody', async (t) => {
  matchAll(t, check('admin: { listen: "0.0.0.0:9440" }', 'port: 5514', 'port: 5515'), [
    { severity: 'warning', path: 'admin.listen', message: /not authenticated/ },
  ])
  t.same(check('admin: { listen: "[::1]:9440" }', 'port: 5514', 'port: 5515'), [])
  t.same(check('admin: { listen: "localhost:9440" }', 'port: 5514', 'port: 5515'), [])
})
