import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import { balancerFile, generatedBalancer, generatedUserData, setupDir, userDataFile } from '../../../packaging/images/generated.ts'
import { deviceTypes } from '../../../src/config/device-types.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'

const root = new URL('../../../', import.meta.url)
const images = new URL('packaging/images/', root)
const read = (path: string, base = images) => readFileSync(new URL(path, base), 'utf8')

interface CloudConfig {
  readonly runcmd: readonly (readonly string[])[]
  readonly write_files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[]
}
const userData = readFileSync(userDataFile, 'utf8')
const cloudConfig: CloudConfig = parse(userData)
const written = (name: string) => cloudConfig.write_files.find(({ path }) => path === `${setupDir}/${name}`)

function configOf(text: string): Config {
  const result = parseConfig(text, 'relay.yaml')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.config
}

test('the cloud-config is one, small enough for AWS, and has provision.sh and the kernel settings as they are', async (t) => {
  t.match(userData, /^#cloud-config\n/)
  t.ok(Buffer.byteLength(userData) < 16_384)
  t.equal(await generatedUserData(userData), userData, 'run: node packaging/images/write-generated.ts')
  t.equal(written('provision.sh')?.content, read('provision.sh'))
  t.equal(written('60-logrelay.conf')?.content, read('sysctl/60-logrelay.conf'))
})

test('its command gives what provision.sh takes, and files that it has written', async (t) => {
  const [[shell, script, ...options] = []] = cloudConfig.runcmd
  t.strictSame([shell, script], ['sh', `${setupDir}/provision.sh`])
  const known = read('provision.sh')
    .match(/^ {4}(--[a-z0-9-]+)(?==\?\*\)|\))/gm)
    ?.map((option) => option.trim())
  t.ok((known ?? []).length >= 6)
  for (const option of options) {
    const [name = '', value] = option.split('=')
    t.ok(known?.includes(name), name)
    if (value?.startsWith(setupDir)) t.ok(written(value.slice(setupDir.length + 1)), value)
  }
})

test('nothing is written to its last place before the package has made it, and no secret is in it', async (t) => {
  for (const { path, permissions } of cloudConfig.write_files) {
    t.match(path, new RegExp(`^${setupDir}/`))
    t.match(permissions, /^0[67]/)
  }
  t.notMatch(userData, /password|token:|PRIVATE KEY/)
})

test('the configurations are right', async (t) => {
  t.ok(configOf(written('logrelay.yaml')?.content ?? ''))
  t.equal(configOf(read('terraform/relay.yaml')).admin.listen.host, '127.0.0.1', 'admin is reachable from nowhere')
})

test('the kernel settings hold what the relay asks for', async (t) => {
  const settings = new Map(
    read('sysctl/60-logrelay.conf')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' = ') as [string, string]),
  )
  const config = configOf(
    'sinks: { f: { type: file } }\npipelines: { p: { source: { type: syslog, device: nginx, transports: [udp] }, sinks: [f] } }\n',
  )
  const source = config.pipelines.p?.source
  t.ok(source?.type === 'syslog' && Number(settings.get('net.core.rmem_max')) >= source.receive_buffer)
  const backlog = /^(?:export )?const backlog = (\d+)$/m.exec(read('src/sources/tcp-listener.ts', root))?.[1]
  t.equal(settings.get('net.core.somaxconn'), backlog)

  const reserved = settings.get('net.ipv4.ip_local_reserved_ports') ?? ''
  const ranges = reserved.split(',').map((range) => range.split('-').map(Number))
  const holds = (port: number) => ranges.some(([from = 0, to = from]) => from <= port && port <= to)
  const health = configOf(written('logrelay.yaml')?.content ?? '').health?.listen.port ?? 0
  for (const port of [...deviceTypes.map((type) => type.port), config.admin.listen.port, health]) t.ok(holds(port), `${port}`)
  t.notOk(holds(10_500))
})

test('the balancer of the Terraform example is what `logrelay lb` writes now', async (t) => {
  t.equal(readFileSync(balancerFile, 'utf8'), await generatedBalancer(), 'run: node packaging/images/write-generated.ts')
  const command = 'logrelay lb --for terraform --config relay.yaml --pool default=relay-a,relay-b,relay-c > balancer/main.tf'
  t.ok(read('docs/images.md', root).includes(command))
  t.match(read('terraform/main.tf'), /\["relay-a", "relay-b", "relay-c"\]/)
})

test('the security groups can be made from the example: each source names its port and transports', async (t) => {
  const { pipelines } = parse(read('terraform/relay.yaml')) as { pipelines: Record<string, { source: Record<string, unknown> }> }
  const balanced = [...readFileSync(balancerFile, 'utf8').matchAll(/^ {6}port += (\d+)$/gm)].map(([, port]) => Number(port))
  t.strictSame(
    Object.values(pipelines).map(({ source }) => source.port),
    balanced,
  )
  for (const { source } of Object.values(pipelines)) t.ok(Array.isArray(source.transports))
})

test('the files that templates and documentation name are there', async (t) => {
  const packer = read('packer/logrelay.pkr.hcl')
  const named = [...packer.matchAll(/\$\{path\.root\}\/([\w./-]+)/g)].map(([, path]) => new URL(`packer/${path}`, images))
  t.equal(named.length, 3)
  const terraform = read('terraform/user-data/main.tf').match(/\$\{path\.module\}\/([\w./-]+)/)?.[1]
  named.push(new URL(`terraform/user-data/${terraform}`, images))
  const docs = read('docs/images.md', root)
  named.push(...(docs.match(/packaging\/images[\w./-]*/g) ?? []).map((path) => new URL(path, root)))
  t.ok(named.length > 8)
  for (const file of named) t.ok(existsSync(file), file.pathname.slice(root.pathname.length))
  for (const version of docs.match(/\blogrelay_([\d.]+)_/g) ?? []) {
    t.equal(version, `logrelay_${JSON.parse(read('package.json', root)).version}_`)
  }
})

test('what seal.sh takes out of an image holds an identity, and nothing that the package has installed', async (t) => {
  const seal = read('packer/seal.sh').replace(/^#.*$/gm, '')
  for (const path of ['/var/lib/logrelay', '/etc/machine-id', '/etc/ssh/ssh_host_*', 'authorized_keys', 'cloud-init clean']) {
    t.ok(seal.includes(path), path)
  }
  t.notMatch(seal, /rm .*\/etc\/logrelay/)
  t.ok(readdirSync(new URL('packer/', images)).includes('seal.sh'))
})
