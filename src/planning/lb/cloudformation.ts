import { createHash } from 'node:crypto'
import { Document, isMap, type Pair, Scalar } from 'yaml'
import { type AwsGroup, type AwsPlan, healthCheck, planAws, unhealthyDrainingSeconds } from './aws-groups.ts'
import type { Balancer } from './balancer.ts'
import { wrap } from './comment.ts'
import type { LbHost } from './pools.ts'
import { type LbResult, succeeded } from './result.ts'

/** A CloudFormation template in YAML, with functions in their long form (`Ref:`, `Fn::If:`), which every YAML reader understands. */
export function cloudformationTemplate(balancer: Balancer): LbResult<string> {
  const planned = planAws(balancer, 'cloudformation')
  if (!planned.ok) return planned
  const plan = planned.value
  // YAML 1.1 is what AWS reads: a bare `on` would be a boolean there.
  const document = new Document(templateOf(balancer, plan), { version: '1.1' })
  document.commentBefore = commentText(plan.notes)
  for (const group of plan.groups) annotate(document, targetsId(group), group.notes)
  return succeeded(document.toString({ lineWidth: 0 }))
}

function templateOf(balancer: Balancer, plan: AwsPlan): object {
  const resources: Record<string, object> = { LoadBalancer: loadBalancer(balancer, plan) }
  for (const group of plan.groups) {
    resources[targetsId(group)] = targetGroup(group, plan)
    resources[`Port${group.pipeline.port}Listener`] = listener(group)
  }
  return {
    AWSTemplateFormatVersion: quoted('2010-09-09'),
    Description: `Network Load Balancer of ${balancer.name}`,
    Parameters: { ...parameters, ...nodeParameters(balancer) },
    Conditions: { HasSecurityGroups: { 'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': ['', { Ref: 'SecurityGroupIds' }] }, ''] }] } },
    Resources: resources,
    Outputs: { DnsName: { Description: 'Where devices send to', Value: { 'Fn::GetAtt': ['LoadBalancer', 'DNSName'] } } },
  }
}

/** For what every reader of YAML has to take for a text, dates for instance. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

const parameters = {
  VpcId: { Type: 'AWS::EC2::VPC::Id', Description: 'VPC of the relays' },
  SubnetIds: { Type: 'List<AWS::EC2::Subnet::Id>', Description: 'Subnets of the balancer, one in each zone' },
  Scheme: { Type: 'String', Default: 'internal', AllowedValues: ['internal', 'internet-facing'] },
  SecurityGroupIds: { Type: 'CommaDelimitedList', Default: '', Description: 'Security groups of the balancer; none are needed' },
}

/** One for each node that was given by its name. */
function nodeParameters({ pools }: Balancer): Record<string, object> {
  const found: Record<string, object> = {}
  for (const host of pools.flatMap(({ hosts }) => hosts)) {
    if (host.kind === 'name') found[nodeParameter(host)] = { Type: 'String', Description: `IP address of ${host.text}` }
  }
  return found
}

/** `relay-1` is NodeRelay1. Where letters and digits alone could mean two hosts, a part of a hash says which. */
function nodeParameter({ text }: LbHost): string {
  const words = text.split(/[^a-z0-9]+/).filter(Boolean)
  const readable = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  const plain = text.length <= 60 && /^[a-z]+(-[a-z]+)*(-\d+)?$/.test(text)
  return `Node${readable.slice(0, 60)}${plain ? '' : `X${createHash('sha256').update(text).digest('hex').slice(0, 8)}`}`
}

function loadBalancer({ name }: Balancer, { ipv6, ipv6Udp }: AwsPlan): object {
  return {
    Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    Properties: {
      Name: name,
      Type: 'network',
      Scheme: { Ref: 'Scheme' },
      Subnets: { Ref: 'SubnetIds' },
      SecurityGroups: { 'Fn::If': ['HasSecurityGroups', { Ref: 'SecurityGroupIds' }, { Ref: 'AWS::NoValue' }] },
      ...(ipv6 ? { IpAddressType: 'dualstack' } : {}),
      ...(ipv6Udp ? { EnablePrefixForIpv6SourceNat: 'on' } : {}),
      LoadBalancerAttributes: attributes({ 'load_balancing.cross_zone.enabled': true }),
    },
  }
}

/** Logical names are letters and digits alone, and ports are unique: they name what belongs to a pipeline. */
function targetsId({ pipeline }: AwsGroup): string {
  return `Port${pipeline.port}Targets`
}

function targetGroup({ pipeline, ...group }: AwsGroup, { deregistrationDelaySeconds }: AwsPlan): object {
  const { health, protocol, preserveClientIp } = group
  return {
    Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    Properties: {
      Name: group.name,
      Port: pipeline.port,
      Protocol: protocol,
      VpcId: { Ref: 'VpcId' },
      TargetType: 'ip',
      IpAddressType: group.addressType,
      HealthCheckProtocol: health.protocol,
      HealthCheckPort: health.protocol === 'HTTP' ? String(health.port) : 'traffic-port',
      ...(health.protocol === 'HTTP' ? { HealthCheckPath: health.path } : {}),
      HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
      HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
      HealthyThresholdCount: healthCheck.healthyThreshold,
      UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
      TargetGroupAttributes: attributes({
        'proxy_protocol_v2.enabled': group.proxyProtocolV2,
        ...(preserveClientIp === undefined ? {} : { 'preserve_client_ip.enabled': preserveClientIp }),
        'deregistration_delay.timeout_seconds': deregistrationDelaySeconds,
        'deregistration_delay.connection_termination.enabled': group.connectionTermination,
        ...(protocol === 'TCP' ? keepUnhealthy : {}),
      }),
      Targets: pipeline.pool.hosts.map((host) => ({ Id: host.kind === 'name' ? { Ref: nodeParameter(host) } : host.text })),
    },
  }
}

/** AWS knows it for TCP alone. */
const keepUnhealthy = {
  'target_health_state.unhealthy.connection_termination.enabled': false,
  'target_health_state.unhealthy.draining_interval_seconds': unhealthyDrainingSeconds,
}

function listener({ pipeline, protocol, ...group }: AwsGroup): object {
  return {
    Type: 'AWS::ElasticLoadBalancingV2::Listener',
    Properties: {
      LoadBalancerArn: { Ref: 'LoadBalancer' },
      Port: pipeline.port,
      Protocol: protocol,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: targetsId({ pipeline, protocol, ...group }) } }],
    },
  }
}

/** AWS takes every value as a text. */
function attributes(values: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(values).map(([Key, value]) => ({ Key, Value: String(value) }))
}

function annotate(document: Document, resource: string, notes: readonly string[]): void {
  const resources = document.get('Resources')
  if (!isMap(resources)) return
  const pair = resources.items.find(({ key }) => (key as Scalar).value === resource) as Pair<Scalar> | undefined
  if (pair !== undefined) pair.key.commentBefore = commentText(notes)
}

function commentText(notes: readonly string[]): string {
  return notes
    .flatMap((note) => wrap(note, 116))
    .map((line) => ` ${line}`)
    .join('\n')
}
