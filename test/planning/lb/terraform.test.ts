import t from 'tap'
import { terraformConfig } from '../../../src/planning/lb/terraform.ts'
import { must, planned, problemsOf, variety } from './example-balancer.ts'

/** `key = value` lines of the first block that begins with this line. */
function block(text: string, first: string): Record<string, string> {
  const body = text.slice(text.indexOf(first) + first.length)
  const indent = /^ */.exec(first)?.[0] ?? ''
  const lines = body.slice(0, body.indexOf(`\n${indent}}`)).split('\n')
  return Object.fromEntries(lines.flatMap((line) => (line.includes(' = ') ? [line.trim().split(/ += /) as [string, string]] : [])))
}

t.test('every pipeline is an entry that the resources go through', async (t) => {
  const text = must(terraformConfig(planned(variety)))
  t.same(block(text, '    "ios" = {'), {
    group: '"logrelay-10411-ios"',
    port: '10411',
    protocol: '"UDP"',
    pool: '"default"',
    address_type: '"ipv4"',
    proxy_protocol_v2: 'false',
    preserve_client_ip: 'null',
    connection_termination: 'true',
    health_protocol: '"HTTP"',
    health_port: '"9441"',
    health_path: '"/readyz?pipeline=ios"',
  })
  t.match(block(text, '    "Cisco_a.s-a" = {'), { health_protocol: '"TCP"', health_port: '"traffic-port"', health_path: 'null' })
  t.match(block(text, '    "relp" = {'), { address_type: '"ipv6"', proxy_protocol_v2: 'true', preserve_client_ip: 'false' })
  t.same(block(text, '  pools = {'), {
    '"nginx"': '["10.0.0.1", "10.0.0.2"]',
    '"default"': '["relay-3", "relay-4"]',
    '"relp"': '["2001:db8::1", "2001:db8::2"]',
  })
  t.match(block(text, 'resource "aws_lb_target_group" "pipeline" {'), { deregistration_delay: '45', target_type: '"ip"' })
  t.match(block(text, 'resource "aws_lb" "relay" {'), { ip_address_type: '"dualstack"', enable_cross_zone_load_balancing: 'true' })
})

t.test('addresses are known where they were given, and asked for where names were', async (t) => {
  const named = must(terraformConfig(planned(variety)))
  t.match(named, /setsubtract\(\["relay-3", "relay-4"\], keys\(var\.node_addresses\)\)/)
  t.notMatch(block(named, 'variable "node_addresses" {'), { default: String })
  const known = must(terraformConfig(planned({ pools: ['default=10.0.0.1,10.0.0.2'] })))
  t.match(block(known, 'variable "node_addresses" {'), { default: '{}' })
  t.match(known, /merge\(\{\n {4}"10\.0\.0\.1" = "10\.0\.0\.1"\n {4}"10\.0\.0\.2" = "10\.0\.0\.2"\n {2}\}, var\.node_addresses\)/)
  t.notMatch(known, /dualstack|source_nat/)
})

t.test('UDP to IPv6 nodes needs source addresses from a prefix', async (t) => {
  const text = must(terraformConfig(planned({ pools: ['default=2001:db8::1'] })))
  t.match(block(text, 'resource "aws_lb" "relay" {'), { enable_prefix_for_ipv6_source_nat: '"on"' })
})

t.test('what AWS cannot do is passed on', async (t) => {
  t.equal(problemsOf(terraformConfig(planned({ pipelines: { nginx: { transports: ['udp'] } } }))).length, 1)
})
