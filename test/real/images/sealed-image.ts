import { fileURLToPath } from 'node:url'
import { DebianMachine } from '../machines/debian-machine.ts'
import { packageFile } from '../packages/packages.ts'
import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { images } from './cloud-init-data.ts'
import { bootWithCloudInit, seed } from './cloud-machine.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'two machines of one image that Packer has sealed share no identity, and both are relays', run: sealedImage, limitMs: 240_000 },
]

const upload = '/tmp/logrelay-setup'
/** The container's /tmp is in memory: files come by another way. */
const carried = '/root/logrelay-setup'
const nothing = '#cloud-config\n{}\n'

/** Whatever a machine or a relay is known by. `logrelay queue` names the queue's id. */
const identities: Readonly<Record<string, readonly string[]>> = {
  'machine-id': ['cat', '/etc/machine-id'],
  'SSH host key': ['cat', '/etc/ssh/ssh_host_ed25519_key.pub'],
  'self-signed certificate': ['sha256sum', '/var/lib/logrelay/tls/self-signed.crt'],
  'queue id': [
    'grep',
    '--recursive',
    '--text',
    '--only-matching',
    '--max-count=1',
    '--no-filename',
    '"queueId":"[^"]*"',
    '/var/lib/logrelay/queues',
  ],
}

async function sealedImage(room: Room): Promise<string> {
  const image = await buildImage(room)
  await checkSealed(image)
  const machines = await Promise.all(['one', 'two'].map((name) => image.clone(name)))
  const found: Record<string, string>[] = []
  for (const [index, machine] of machines.entries()) {
    await seed(machine, `relay-${index}`, nothing)
    await bootWithCloudInit(machine)
    found.push(await identitiesOf(machine))
    await machine.stop()
  }
  const shared = Object.keys(identities).filter((name) => found[0]?.[name] === found[1]?.[name])
  if (shared.length > 0) throw new Error(`both machines have the same ${shared.join(', ')}`)
  return `${Object.keys(identities).join(', ')} differ`
}

/** What packer/logrelay.pkr.hcl does on the machine, in the same order. */
async function buildImage(room: Room): Promise<DebianMachine> {
  const image = await DebianMachine.fresh(room, 'cloud', 'image')
  await seed(image, 'packer', nothing)
  await bootWithCloudInit(image)
  await image.write(`${carried}/relay.yaml`, configuration)
  await image.copyIn(await packageFile('current', 'deb'), `${carried}/logrelay.deb`)
  for (const path of ['provision.sh', 'sysctl/60-logrelay.conf', 'packer/seal.sh']) {
    await image.copyIn(fileURLToPath(new URL(path, images)), `${carried}/${path.split('/').at(-1)}`)
  }
  await image.run('mv', carried, upload)
  const files = [`--package=${upload}/logrelay.deb`, `--kernel=${upload}/60-logrelay.conf`, `--config=${upload}/relay.yaml`]
  await image.run('sh', `${upload}/provision.sh`, ...files)
  // As if somebody had tried it out before the image is taken: what that leaves must go.
  await image.run('systemctl', 'start', 'logrelay')
  await identitiesOf(image)
  await image.run('sh', `${upload}/seal.sh`)
  await image.stop()
  return image
}

const configuration = `
sinks: { siem: { type: syslog, endpoints: ["tcp://127.0.0.1:16514"] } }
pipelines: { nginx: { source: { type: syslog, device: nginx }, sinks: [siem] } }
`

async function checkSealed(image: DebianMachine): Promise<void> {
  const paths = ['/var/lib/logrelay', '/etc/ssh', '/root', '/tmp', '/var/lib/cloud'].map((path) => `${image.root}${path}`)
  const { stdout } = await runProgram('find', [...paths, '-mindepth', '1'])
  const left = stdout
    .toString()
    .split('\n')
    .map((path) => path.slice(image.root.length))
    .filter((path) => /^\/var\/lib\/logrelay\/|ssh_host_|authorized_keys|logrelay-setup|seed\/nocloud|instance/.test(path))
  if (left.length > 0) throw new Error(`the image still has ${left.join(' ')}`)
  if ((await image.read('/etc/machine-id')) !== '') throw new Error('the image has a machine-id')
}

async function identitiesOf(machine: DebianMachine): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const [name, command] of Object.entries(identities)) found[name] = (await machine.run(...command)).trim()
  return found
}
