import fc from 'fast-check'
import t from 'tap'
import { planAws } from '../../../src/planning/lb/aws-groups.ts'
import { must, planned, problemsOf, variety } from './example-balancer.ts'

t.test('a group a pipeline: protocol, check, and how the client is told', async (t) => {
  const plan = must(planAws(planned(variety), 'terraform'))
  t.match(plan, { deregistrationDelaySeconds: 45, ipv6: true, ipv6Udp: false })
  t.match(plan.groups, [
    {
      name: 'logrelay-10435-nginx',
      protocol: 'TCP_UDP',
      addressType: 'ipv4',
      proxyProtocolV2: false,
      preserveClientIp: undefined,
      connectionTermination: true,
      health: { protocol: 'TCP' },
    },
    { name: 'logrelay-10410-Cisco-a-s-a', protocol: 'TCP', proxyProtocolV2: false, preserveClientIp: true, connectionTermination: false },
    { name: 'logrelay-10411-ios', protocol: 'UDP', health: { protocol: 'HTTP', port: 9441, path: '/readyz?pipeline=ios' } },
    { name: 'logrelay-12514-relp', protocol: 'TCP', addressType: 'ipv6', proxyProtocolV2: true, preserveClientIp: false },
  ])
})

t.test('a header is required although AWS preserves the address: it is sent, with a warning', async (t) => {
  const pipelines = { nginx: { proxy_protocol: 'required' as const, trusted_proxies: ['10.0.0.0/8'] } }
  const [group] = must(planAws(planned({ pipelines }), 'terraform')).groups
  t.equal(group?.proxyProtocolV2, true)
  t.match(group?.notes[1], /^Warning: .*proxy_protocol: optional needs no header/)
})

t.test('the drain is at least as long as the deregistration', async (t) => {
  const of = (drainDelay?: string) => {
    const { deregistrationDelaySeconds, notes } = must(planAws(planned(drainDelay === undefined ? {} : { drainDelay }), 'terraform'))
    return { delay: deregistrationDelaySeconds, warned: notes.some((note) => note.includes('set drain_delay: 30s')) }
  }
  t.same(of(), { delay: 30, warned: true })
  t.same(of('10500ms'), { delay: 10, warned: false })
  t.same(of('2h'), { delay: 3600, warned: false })
})

t.test('what AWS cannot do', async (t) => {
  const udp = { transports: ['udp' as const] }
  const cases: [example: Parameters<typeof planned>[0], message: RegExp][] = [
    [{ pipelines: { nginx: udp } }, /^pipeline nginx takes UDP alone/],
    [{ pipelines: { nginx: udp }, health: '127.0.0.1:9441' }, /^pipeline nginx takes UDP alone/],
    [
      { pipelines: { a: { port: 514, transports: ['tcp'] }, b: { port: 514, ...udp } }, health: '[::]:9441' },
      /^pipelines a and b share port 514/,
    ],
    [{ pipelines: { nginx: udp }, health: '0.0.0.0:0' }, /^pipeline nginx takes UDP alone/],
    [{ name: 'internal-logs' }, /^AWS keeps names/],
    [{ pools: ['default=10.0.0.1,::2'] }, /^--pool default mixes IPv4 and IPv6/],
  ]
  for (const [example, message] of cases) t.match(problemsOf(planAws(planned(example), 'terraform')), [{ message }])
})

t.test('more ports than listeners', async (t) => {
  const pipelines = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`p${i}`, { port: 20_000 + i }]))
  t.ok(must(planAws(planned({ pipelines }), 'terraform')).notes.some((note) => /^Warning: 51 ports are more than the 50/.test(note)))
})

t.test('names of groups are what AWS allows, and unique', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/), { minLength: 1, maxLength: 8 })
  const prefix = fc.stringMatching(/^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/).filter((text) => !text.startsWith('internal-'))
  fc.assert(
    fc.property(names, prefix, (pipelineNames, name) => {
      const pipelines = Object.fromEntries(pipelineNames.map((pipeline, i) => [pipeline, { port: 1024 + i }]))
      const found = must(planAws(planned({ pipelines, name }), 'terraform')).groups.map((group) => group.name)
      return new Set(found).size === found.length && found.every((text) => /^[a-z0-9](?!.*-$)[a-z0-9-]{0,31}$/i.test(text))
    }),
  )
})
