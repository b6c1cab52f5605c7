import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DebianMachine } from '../machines/debian-machine.ts'
import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { images } from './cloud-init-data.ts'
import { type HclModule, looseEnds, readHcl, wrongArguments } from './hcl.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'the cloud-config, checked by cloud-init', run: cloudConfig },
  { name: 'the Terraform example, read by a parser of HCL, and by Terraform where there is one', run: terraform },
  { name: 'the Packer template, read by a parser of HCL', run: packer },
]

const path = (name: string) => fileURLToPath(new URL(name, images))

async function cloudConfig(room: Room): Promise<string> {
  await checkCloudConfig(room, await readFile(path('cloud-init/user-data.yaml'), 'utf8'))
  return 'cloud-init schema: valid'
}

/** By the cloud-init of the Debian that it is for. */
async function checkCloudConfig(room: Room, text: string): Promise<void> {
  const { root } = await DebianMachine.fresh(room, 'cloud', 'schema')
  await writeFile(join(root, 'user-data'), text)
  const { stdout, stderr } = await runProgram('chroot', [root, 'cloud-init', 'schema', '--config-file', '/user-data'])
  if (!/^Valid cloud-config/m.test(stdout.toString()) || /deprecat|warning/i.test(`${stdout}${stderr}`))
    throw new Error(`${stdout}${stderr}`)
}

const meta = 'for_each|count|lifecycle'
const rule = 'security_group_id|cidr_ipv4|referenced_security_group_id|ip_protocol|from_port|to_port'

/** Arguments and blocks that the providers' and plugins' references have for what is used; those cannot be had here to say so. */
const documented: Readonly<Record<string, string>> = {
  aws_subnet: 'id',
  aws_ami: 'most_recent|owners|filter',
  aws_ebs_volume: 'availability_zone|type|size|encrypted|tags',
  aws_instance:
    'ami|instance_type|subnet_id|vpc_security_group_ids|iam_instance_profile|key_name|user_data_base64|root_block_device|metadata_options|tags',
  aws_volume_attachment: 'device_name|volume_id|instance_id|stop_instance_before_detaching',
  aws_security_group: 'name_prefix|description|vpc_id',
  aws_vpc_security_group_ingress_rule: rule,
  aws_vpc_security_group_egress_rule: rule,
  'amazon-ebs': 'region|ami_name|instance_type|ssh_username|ena_support|source_ami_filter|imds_support|metadata_options|tags',
  qemu: 'iso_url|iso_checksum|disk_image|disk_size|format|disk_compression|output_directory|vm_name|cpus|memory|headless|shutdown_command|ssh_username|ssh_password|ssh_timeout|cd_label|cd_content',
}

function undocumented({ resources, data, sources }: HclModule): string[] {
  return [...resources, ...data, ...sources].flatMap(({ type, name, body }) => {
    const known = new RegExp(`^(${documented[type]}|${meta})$`)
    return Object.keys(body)
      .filter((key) => !known.test(key))
      .map((key) => `${type}.${name} has ${key}`)
  })
}

async function terraform(room: Room): Promise<string> {
  const example = await readHcl(room, path('terraform'), '.tf')
  const called: { name: string; body: Readonly<Record<string, unknown>>; module: HclModule }[] = []
  for (const { name, body } of example.modules) {
    called.push({ name, body, module: await readHcl(room, path(`terraform/${body.source}`), '.tf') })
  }
  const outputs = [...example.text.matchAll(/\bmodule\.(\w+)(?:\[[^\]]*\])?\.(\w+)/g)].filter(
    ([, name, output]) => !called.some((one) => one.name === name && one.module.outputs.includes(output as string)),
  )
  const wrong = [
    ...undocumented(example),
    ...looseEnds(example),
    ...called.flatMap(({ body, module }) => [...wrongArguments(body, module), ...looseEnds(module)]),
    ...outputs.map(([text]) => `${text} is no output`),
  ]
  if (wrong.length > 0) throw new Error(wrong.join('; '))
  return `${example.resources.length} resources, ${called.length} modules, every reference leads somewhere; ${await evaluated(room)}`
}

async function packer(room: Room): Promise<string> {
  const template = await readHcl(room, path('packer'), '.pkr.hcl')
  const wrong = [...undocumented(template), ...looseEnds(template)]
  const sources = template.sources.map(({ type, name }) => `source.${type}.${name}`)
  const built = template.text.match(/source\.[\w-]+\.\w+/g) ?? []
  if (sources.sort().join() !== [...built].sort().join()) wrong.push(`it has ${sources} and builds ${built}`)
  if (wrong.length > 0) throw new Error(wrong.join('; '))
  return `${sources.join(', ')}: every reference leads somewhere`
}

/** Terraform itself may not be here, and its providers cannot be had: it formats, loads, and evaluates what needs none of them. */
async function evaluated(room: Room): Promise<string> {
  const found = await runProgram('terraform', ['version']).catch(() => undefined)
  if (found === undefined) return 'no terraform here'
  await cp(fileURLToPath(images), room.path('images'), { recursive: true })
  const example = room.path('images/terraform')
  await runProgram('terraform', ['fmt', '-check', '-recursive', example])
  await runProgram('terraform', [`-chdir=${example}`, 'get'])
  const module = `-chdir=${example}/user-data`
  await runProgram('terraform', [module, 'init', '-input=false'])
  const url = 'https://packages.example.com/x.deb'
  const given = ['configuration=relay: yaml', `package_url=${url}`, 'package_sha256=0f', 'data_device=/dev/sdf']
  await runProgram('terraform', [module, 'apply', '-auto-approve', '-input=false', ...given.map((value) => `-var=${value}`)])
  const { stdout } = await runProgram('terraform', [module, 'output', '-raw', 'user_data'])
  const text = stdout.toString()
  await checkCloudConfig(room, text)
  for (const part of ['"relay: yaml"', `"--package=${url}"`, '"--sha256=0f"', '"--data-device=/dev/sdf"']) {
    if (!text.includes(part)) throw new Error(`the user-data has no ${part}`)
  }
  return `user-data of ${stdout.length} bytes, valid`
}
