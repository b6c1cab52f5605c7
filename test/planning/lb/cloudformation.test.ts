import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { cloudformationTemplate } from '../../../src/planning/lb/cloudformation.ts'
import { must, planned, problemsOf, variety } from './example-balancer.ts'

interface Template {
  readonly Parameters: Record<string, { Description?: string }>
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
}

/** Read as AWS reads it: YAML 1.1, in which a bare `on` is a boolean. */
function template(example: Parameters<typeof planned>[0]): Template {
  return parse(must(cloudformationTemplate(planned(example))), { version: '1.1' }) as Template
}

t.test('a target group and a listener a pipeline', async (t) => {
  const { Resources } = template(variety)
  t.same(Object.keys(Resources), [
    'LoadBalancer',
    ...[10_435, 10_410, 10_411, 12_514].flatMap((port) => [`Port${port}Targets`, `Port${port}Listener`]),
  ])
  t.match(Resources.Port10435Targets?.Properties, {
    Name: 'logrelay-10435-nginx',
    Port: 10_435,
    Protocol: 'TCP_UDP',
    HealthCheckProtocol: 'TCP',
    HealthCheckPort: 'traffic-port',
    HealthCheckIntervalSeconds: 5,
    UnhealthyThresholdCount: 2,
    Targets: [{ Id: '10.0.0.1' }, { Id: '10.0.0.2' }],
  })
  t.match(Resources.Port10411Targets?.Properties, {
    Protocol: 'UDP',
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: '9441',
    HealthCheckPath: '/readyz?pipeline=ios',
  })
  t.same(Resources.Port12514Targets?.Properties.TargetGroupAttributes, [
    { Key: 'proxy_protocol_v2.enabled', Value: 'true' },
    { Key: 'preserve_client_ip.enabled', Value: 'false' },
    { Key: 'deregistration_delay.timeout_seconds', Value: '45' },
    { Key: 'deregistration_delay.connection_termination.enabled', Value: 'false' },
    { Key: 'target_health_state.unhealthy.connection_termination.enabled', Value: 'false' },
    { Key: 'target_health_state.unhealthy.draining_interval_seconds', Value: '3600' },
  ])
  t.match(Resources.Port10410Listener?.Properties, {
    Port: 10_410,
    Protocol: 'TCP',
    DefaultActions: [{ TargetGroupArn: { Ref: 'Port10410Targets' } }],
  })
})

t.test('nodes with names are parameters', async (t) => {
  const { Parameters, Resources } = template(variety)
  t.match(Parameters, { NodeRelay3: { Description: 'IP address of relay-3' }, NodeRelay4: {} })
  t.same(Resources.Port10411Targets?.Properties.Targets, [{ Id: { Ref: 'NodeRelay3' } }, { Id: { Ref: 'NodeRelay4' } }])
  t.same(Object.keys(template({ pools: ['default=10.0.0.1'] }).Parameters), ['VpcId', 'SubnetIds', 'Scheme', 'SecurityGroupIds'])
})

t.test('texts that YAML 1.1 would read as something else stay texts', async (t) => {
  const { Resources } = template({ pools: ['default=2001:db8::1'], name: 'on' })
  t.match(Resources.LoadBalancer?.Properties, { Name: 'on', IpAddressType: 'dualstack', EnablePrefixForIpv6SourceNat: 'on' })
})

t.test('comments stand where they belong', async (t) => {
  const text = must(cloudformationTemplate(planned(variety)))
  t.match(text, /^# A Network Load Balancer in front of the relays\.\n/)
  t.match(text, /\n {2}# Pipeline ios: port 10411, UDP\.\n(?: {2}# .*\n)+ {2}Port10411Targets:\n/)
})

t.test('each host has a parameter of its own, of letters and digits', async () => {
  const part = fc.constantFrom('a', 'b', '1', '2', '-', '.', '_', 'ab')
  const hosts = fc.uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => `x${parts.join('')}z`),
    {
      minLength: 2,
      maxLength: 12,
    },
  )
  fc.assert(
    fc.property(hosts, (names) => {
      fc.pre(names.every((name) => !/\.\.|-\.|\.-/.test(name)))
      const { Parameters } = template({ pools: [`default=${names.join(',')}`] })
      const found = Object.keys(Parameters).filter((key) => key.startsWith('Node'))
      return found.length === names.length && found.every((key) => /^[A-Za-z0-9]+$/.test(key))
    }),
  )
})

t.test('what AWS cannot do is passed on', async (t) => {
  t.equal(problemsOf(cloudformationTemplate(planned({ pipelines: { nginx: { transports: ['udp'] } } }))).length, 1)
})
