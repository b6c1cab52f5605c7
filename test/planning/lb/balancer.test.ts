import t from 'tap'
import { plan, planned, problemsOf, variety } from './example-balancer.ts'

t.test('every pipeline has its port, its transports and its pool', async (t) => {
  const balancer = planned(variety)
  t.match(balancer, { name: 'logrelay', healthPort: 9441, drainDelayMs: 45_000, warnings: [] })
  t.match(balancer.pipelines, [
    { name: 'nginx', port: 10_435, tcp: true, udp: true, proxyProtocol: 'optional', maxConnections: 20_000, pool: { name: 'nginx' } },
    { name: 'Cisco_a.s-a', port: 10_410, tcp: true, udp: false, proxyProtocol: 'off', maxConnections: 500, pool: { name: 'default' } },
    { name: 'ios', port: 10_411, tcp: false, udp: true, pool: { name: 'default', hosts: [{ text: 'relay-3' }, { text: 'relay-4' }] } },
    { name: 'relp', port: 12_514, tcp: true, udp: false, proxyProtocol: 'required', pool: { name: 'relp' } },
  ])
  t.same(
    balancer.pools.map(({ name }) => name),
    ['nginx', 'default', 'relp'],
  )
})

t.test('what keeps a balancer from being planned', async (t) => {
  const two = { nginx: {}, asa: { device: 'cisco-asa' } }
  const cases: [example: Parameters<typeof plan>[0], message: RegExp, hint?: RegExp][] = [
    [{ pipelines: two, pools: ['ngnix=a', 'default=b'] }, /"ngnix": there is no such pipeline/, /^write "nginx"$/],
    [{ pipelines: two, pools: ['defualt=b'] }, /"defualt": there is no such pipeline/, /^write "default"$/],
    [{ pipelines: two, pools: ['zzzzzzzzz=a', 'default=b'] }, /no such pipeline/, /the configuration has nginx, asa; "default" stands/],
    [{ pipelines: two, pools: ['nginx=a'] }, /^no --pool for asa$/, /--pool asa=HOST,HOST.*--pool default=/],
    [{ pipelines: { nginx: { port: 0 } } }, /nginx has port 0/, /set its port/],
    [{ pipelines: { a: { port: 5, host: '10.0.0.1' }, b: { port: 5, host: '10.0.0.2' } } }, /pipelines a and b both have port 5/],
    [{ name: 'a b' }, /--name "a b" must be/],
    [{ name: 'a'.repeat(21) }, /--name/],
    [{ name: '-a' }, /--name/],
    [{ name: 'a-' }, /--name/],
    [{ name: 'a\n' }, /--name/],
  ]
  for (const [example, message, hint] of cases) {
    const [problem] = problemsOf(plan(example))
    t.match(problem?.message, message)
    if (hint !== undefined) t.match(problem?.hint, hint)
  }
})

t.test('one port may carry the TCP of one pipeline and the UDP of another', async (t) => {
  const balancer = planned({ pipelines: { a: { port: 514, transports: ['tcp'] }, b: { port: 514, transports: ['udp'] } } })
  t.match(balancer.pipelines, [
    { port: 514, tcp: true, udp: false },
    { port: 514, tcp: false, udp: true },
  ])
})

t.test('what is doubtful is a warning: loopback, and pools that nothing uses', async (t) => {
  const pipelines = { nginx: { host: 'localhost' }, asa: { device: 'cisco-asa', host: '::' } }
  const { warnings, healthPort } = planned({ pipelines, pools: ['nginx=a', 'asa=b', 'default=c'], health: '127.0.0.1:9441' })
  t.equal(healthPort, undefined)
  t.match(warnings, [/^nginx: the relay listens on loopback/, /^health.listen is on loopback/, /^pool default is not used/])
})

t.test('a pipeline may be called default', async (t) => {
  t.match(planned({ pipelines: { default: {}, asa: { device: 'cisco-asa' } } }).pipelines, [
    { name: 'default', pool: { name: 'default' } },
    { name: 'asa', pool: { name: 'default' } },
  ])
})
