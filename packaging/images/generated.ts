import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const userDataFile = here('cloud-init/user-data.yaml')
export const balancerFile = here('terraform/balancer/main.tf')

/** Where cloud-init lays what provision.sh is made of. */
export const setupDir = '/usr/local/lib/logrelay-setup'

/** The three relays of the Terraform example, by the names that main.tf gives them. */
const nodes = ['relay-a', 'relay-b', 'relay-c']

// The last line of what people write themselves.
const boundary = 'packaging/images/write-generated.ts`.\n'

/** The cloud-config with the two files below its boundary as they are now. */
export async function generatedUserData(text: string): Promise<string> {
  const end = text.indexOf(boundary)
  if (end < 0) throw new Error(`${userDataFile} has lost the line that ends with ${boundary.trim()}`)
  const kernel = await readFile(here('sysctl/60-logrelay.conf'), 'utf8')
  const provision = await readFile(here('provision.sh'), 'utf8')
  return [
    text.slice(0, end + boundary.length),
    writeFileEntry('60-logrelay.conf', '0644', kernel),
    writeFileEntry('provision.sh', '0755', provision),
  ].join('')
}

/** An item of cloud-init's write_files, its content as a literal block (YAML 1.2 section 8.1.2). */
function writeFileEntry(name: string, permissions: string, content: string): string {
  const block = content.replace(/^(?=.)/gm, ' '.repeat(6))
  return `  - path: ${setupDir}/${name}\n    permissions: '${permissions}'\n    content: |\n${block}`
}

/** What `logrelay lb` writes for the example's configuration. */
export async function generatedBalancer(): Promise<string> {
  const args = ['lb', '--for', 'terraform', '--config', here('terraform/relay.yaml'), '--pool', `default=${nodes.join()}`]
  const { stdout } = await promisify(execFile)(here('../../bin/logrelay'), args)
  return stdout
}
