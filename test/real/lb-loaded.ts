import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lbOutput } from './support/lb-output.ts'
import { runProgram } from './support/program.ts'
import type { Room } from './support/room.ts'
import type { Scenario } from './support/scenario.ts'

// The real programs read what `logrelay lb` writes. Nothing is sent: a scenario answers with what was found right.

export const scenarios: readonly Scenario[] = [
  { name: 'logrelay lb for HAProxy, checked by HAProxy', run: haproxy },
  { name: 'logrelay lb for NGINX, checked by NGINX', run: nginx },
  { name: 'logrelay lb for CloudFormation, checked by cfn-lint', run: cloudformation },
  { name: 'logrelay lb for Terraform, read by a parser of HCL', run: terraform },
]

/** Every kind of pipeline, and names with every character that one may have. */
const configuration = `
health: { listen: "0.0.0.0:9441" }
drain_delay: 45s
sinks: { f: { type: file } }
pipelines:
  nginx: { source: { type: syslog, device: nginx, proxy_protocol: optional, trusted_proxies: [10.0.0.0/8] }, sinks: [f] }
  9_Cisco.ASA-x: { source: { type: syslog, device: cisco-asa, transports: [tcp, tls] }, sinks: [f] }
  ios: { source: { type: syslog, device: cisco-ios, transports: [udp] }, sinks: [f] }
  relp: { source: { type: relp, port: 12514, proxy_protocol: required, trusted_proxies: [10.0.0.0/8] }, sinks: [f] }
`
const pools = ['--pool', 'nginx=10.0.0.1,10.0.0.2', '--pool', 'default=localhost,10.0.0.3', '--pool', 'relp=2001:db8::1,2001:db8::2']

async function output(room: Room, target: string): Promise<string> {
  const config = room.path('relay.yaml')
  await writeFile(config, configuration)
  return lbOutput(room, target, [...pools, '--config', config])
}

async function haproxy(room: Room): Promise<string> {
  const file = await output(room, 'haproxy')
  const { stdout, stderr } = await runProgram('haproxy', ['-c', '-f', file])
  if (/WARNING|ALERT/.test(`${stdout}${stderr}`)) throw new Error(`haproxy -c has something to say: ${stderr}`)
  return 'haproxy -c: valid, without a warning'
}

async function nginx(room: Room): Promise<string> {
  const file = await output(room, 'nginx')
  // The file leaves the place of its pid to the package; here another user may run it.
  const { stderr } = await runProgram('nginx', ['-t', '-c', file, '-g', `pid ${room.path('nginx.pid')};`])
  if (!/test is successful/.test(stderr.toString())) throw new Error(stderr.toString())
  return 'nginx -t: successful'
}

async function cloudformation(room: Room): Promise<string> {
  const file = await output(room, 'cloudformation')
  // It exits with another status than 0 for a warning too, and for what is only worth a word.
  await runProgram(linter('cfn-lint'), ['--include-checks', 'I', '--template', file])
  return 'cfn-lint: no error, no warning, no remark'
}

/** Arguments and blocks that the provider documents for these resources; it cannot be had here to say so itself. */
const documented: Readonly<Record<string, RegExp>> = {
  aws_lb: /^(name|load_balancer_type|internal|subnets|security_groups|enable_cross_zone_load_balancing|ip_address_type)$/,
  aws_lb_target_group:
    /^(for_each|name|port|protocol|target_type|ip_address_type|vpc_id|proxy_protocol_v2|preserve_client_ip|deregistration_delay|connection_termination|health_check|dynamic)$/,
  aws_lb_listener: /^(for_each|load_balancer_arn|port|protocol|default_action)$/,
  aws_lb_target_group_attachment: /^(for_each|target_group_arn|target_id)$/,
}

interface Hcl {
  readonly resource: readonly Record<string, Record<string, object>>[]
  readonly locals: readonly { readonly pipelines: Record<string, { readonly port: number }> }[]
}

async function terraform(room: Room): Promise<string> {
  const file = await output(room, 'terraform')
  const json = room.path('terraform.json')
  await runProgram(linter('hcl2tojson'), ['--strip-string-quotes', '--no-explicit-blocks', '-o', json, file])
  const { resource, locals } = JSON.parse(await readFile(json, 'utf8')) as Hcl
  const kinds = resource.flatMap((one) => Object.keys(one))
  if (kinds.sort().join() !== Object.keys(documented).sort().join()) throw new Error(`resources: ${kinds}`)
  for (const [kind, named] of resource.flatMap((one) => Object.entries(one))) {
    const unknown = Object.values(named)
      .flatMap((body) => Object.keys(body))
      .filter((key) => documented[kind]?.test(key) !== true)
    if (unknown.length > 0) throw new Error(`${kind} has ${unknown}`)
  }
  const ports = Object.values(locals[0]?.pipelines ?? {}).map(({ port }) => port)
  if (ports.join() !== '10435,10410,10411,12514') throw new Error(`ports: ${ports}`)
  return `HCL with ${kinds.length} resources for ${ports.length} pipelines`
}

/** run.sh installs them and says where. */
function linter(name: string): string {
  const dir = process.env.LOGRELAY_LINTERS
  if (dir === undefined) throw new Error(`LOGRELAY_LINTERS is not set: start this through test/real/run.sh, which installs ${name}`)
  return join(dir, name)
}
