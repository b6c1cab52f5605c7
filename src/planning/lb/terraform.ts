import { type AwsGroup, type AwsPlan, healthCheck, planAws, unhealthyDrainingSeconds } from './aws-groups.ts'
import type { Balancer } from './balancer.ts'
import { comment } from './comment.ts'
import type { LbHost } from './pools.ts'
import { type LbResult, succeeded } from './result.ts'

/** One Terraform file (HCL), formatted as `terraform fmt` does, for the provider hashicorp/aws 5 and 6. */
export function terraformConfig(balancer: Balancer): LbResult<string> {
  const planned = planAws(balancer, 'terraform')
  if (!planned.ok) return planned
  const hosts = nodesOf(balancer)
  const parts = [comment(planned.value.notes), requirements, variables(hosts), locals(balancer, planned.value, hosts)]
  return succeeded(`${[...parts, loadBalancer(balancer, planned.value), perPipeline(planned.value), outputs].join('\n\n')}\n`)
}

type Assignment = readonly [key: string, value: string]

/** Lines with their equals signs in one column. */
function assignments(pairs: readonly Assignment[], indent: string): string {
  const longest = Math.max(...pairs.map(([key]) => key.length))
  return pairs.map(([key, value]) => `${indent}${key.padEnd(longest)} = ${value}`).join('\n')
}

/** Names and addresses hold no `$` or `%`, which would begin a template. */
function quoted(text: string): string {
  return JSON.stringify(text)
}

const requirements = `\
terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 7.0"
    }
  }
}`

function nodesOf({ pools }: Balancer): LbHost[] {
  const hosts = new Map<string, LbHost>()
  for (const pool of pools) for (const host of pool.hosts) hosts.set(host.text, host)
  return [...hosts.values()]
}

function variables(hosts: readonly LbHost[]): string {
  return [
    variable('vpc_id', 'string', 'VPC of the relays.'),
    variable('subnet_ids', 'list(string)', 'Subnets of the balancer, one in each zone.'),
    variable('internal', 'bool', 'Whether the balancer is reachable from inside the VPC alone.', 'true'),
    variable('security_group_ids', 'list(string)', 'Security groups of the balancer; none are needed.', '[]'),
    nodeAddresses(hosts),
  ].join('\n\n')
}

function variable(name: string, type: string, description: string, fallback?: string): string {
  const pairs: Assignment[] = [
    ['type', type],
    ['description', quoted(description)],
  ]
  if (fallback !== undefined) pairs.push(['default', fallback])
  return `variable "${name}" {\n${assignments(pairs, '  ')}\n}`
}

/** Required where a node was given by its name. */
function nodeAddresses(hosts: readonly LbHost[]): string {
  const names = hosts.filter(({ kind }) => kind === 'name').map(({ text }) => text)
  const name = 'node_addresses'
  if (names.length === 0) return variable(name, 'map(string)', 'IP addresses of nodes by name, in place of those below.', '{}')
  return `\
variable "${name}" {
  type        = map(string)
  description = "IP address of each node: ${names.join(', ')}."

  validation {
    condition     = length(setsubtract([${names.map(quoted).join(', ')}], keys(var.node_addresses))) == 0
    error_message = "Give the IP address of every node: ${names.join(', ')}."
  }
}`
}

function locals({ pools }: Balancer, { groups }: AwsPlan, hosts: readonly LbHost[]): string {
  const known = hosts.filter(({ kind }) => kind !== 'name').map(({ text }): Assignment => [quoted(text), quoted(text)])
  const own = known.length === 0 ? '{}' : `{\n${assignments(known, '    ')}\n  }`
  const lists = pools.map((pool): Assignment => [quoted(pool.name), `[${pool.hosts.map(({ text }) => quoted(text)).join(', ')}]`])
  return `\
locals {
  node_addresses = merge(${own}, var.node_addresses)

  pools = {
${assignments(lists, '    ')}
  }

  pipelines = {
${groups.map(pipelineEntry).join('\n\n')}
  }

  attachments = merge([
    for name, pipeline in local.pipelines : {
      for node in local.pools[pipeline.pool] : "\${name}/\${node}" => { pipeline = name, node = node }
    }
  ]...)
}`
}

function pipelineEntry({ pipeline, name, notes, health, ...group }: AwsGroup): string {
  const http = health.protocol === 'HTTP' ? health : undefined
  const pairs: Assignment[] = [
    ['group', quoted(name)],
    ['port', String(pipeline.port)],
    ['protocol', quoted(group.protocol)],
    ['pool', quoted(pipeline.pool.name)],
    ['address_type', quoted(group.addressType)],
    ['proxy_protocol_v2', String(group.proxyProtocolV2)],
    ['preserve_client_ip', String(group.preserveClientIp ?? null)],
    ['connection_termination', String(group.connectionTermination)],
    ['health_protocol', quoted(health.protocol)],
    ['health_port', http === undefined ? '"traffic-port"' : quoted(String(http.port))],
    ['health_path', http === undefined ? 'null' : quoted(http.path)],
  ]
  return `${comment(notes, '    ')}\n    ${quoted(pipeline.name)} = {\n${assignments(pairs, '      ')}\n    }`
}

function loadBalancer({ name }: Balancer, { ipv6, ipv6Udp }: AwsPlan): string {
  const pairs: Assignment[] = [
    ['name', quoted(name)],
    ['load_balancer_type', '"network"'],
    ['internal', 'var.internal'],
    ['subnets', 'var.subnet_ids'],
    ['security_groups', 'length(var.security_group_ids) > 0 ? var.security_group_ids : null'],
    ['enable_cross_zone_load_balancing', 'true'],
  ]
  if (ipv6) pairs.push(['ip_address_type', '"dualstack"'])
  if (ipv6Udp) pairs.push(['enable_prefix_for_ipv6_source_nat', '"on"'])
  return `resource "aws_lb" "relay" {\n${assignments(pairs, '  ')}\n}`
}

function perPipeline({ deregistrationDelaySeconds }: AwsPlan): string {
  const { intervalSeconds, timeoutSeconds, healthyThreshold, unhealthyThreshold } = healthCheck
  return `\
resource "aws_lb_target_group" "pipeline" {
  for_each = local.pipelines

  name                   = each.value.group
  port                   = each.value.port
  protocol               = each.value.protocol
  target_type            = "ip"
  ip_address_type        = each.value.address_type
  vpc_id                 = var.vpc_id
  proxy_protocol_v2      = each.value.proxy_protocol_v2
  preserve_client_ip     = each.value.preserve_client_ip
  deregistration_delay   = ${deregistrationDelaySeconds}
  connection_termination = each.value.connection_termination

  health_check {
    protocol            = each.value.health_protocol
    port                = each.value.health_port
    path                = each.value.health_path
    interval            = ${intervalSeconds}
    timeout             = ${timeoutSeconds}
    healthy_threshold   = ${healthyThreshold}
    unhealthy_threshold = ${unhealthyThreshold}
  }

  # AWS knows it for TCP alone.
  dynamic "target_health_state" {
    for_each = each.value.protocol == "TCP" ? [1] : []

    content {
      enable_unhealthy_connection_termination = false
      unhealthy_draining_interval             = ${unhealthyDrainingSeconds}
    }
  }
}

resource "aws_lb_listener" "pipeline" {
  for_each = local.pipelines

  load_balancer_arn = aws_lb.relay.arn
  port              = each.value.port
  protocol          = each.value.protocol

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.pipeline[each.key].arn
  }
}

resource "aws_lb_target_group_attachment" "node" {
  for_each = local.attachments

  target_group_arn = aws_lb_target_group.pipeline[each.value.pipeline].arn
  target_id        = local.node_addresses[each.value.node]
}`
}

const outputs = `\
output "dns_name" {
  description = "Where devices send to."
  value       = aws_lb.relay.dns_name
}`
