import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { packageFile } from '../packages/packages.ts'

export const images = new URL('../../../packaging/images/', import.meta.url)

const packageInMachine = '/root/logrelay.deb'
/** Where the relay sends to: a receiver in the machine itself, since it has no other network. */
export const receiverPort = 16_514

/** The committed cloud-config, filled in as its reader is told to: package, checksum, the sink of the configuration, more options. */
export async function filledInUserData(...options: readonly string[]): Promise<{ readonly userData: string; readonly package: string }> {
  const sum = createHash('sha256').update(await readFile(await packageFile('current', 'deb')))
  const text = await readFile(new URL('cloud-init/user-data.yaml', images), 'utf8')
  const replaced = [
    ['https://packages.example.com/logrelay_0.1.0_amd64.deb', packageInMachine],
    ['0'.repeat(64), sum.digest('hex')],
    ['endpoints: ["tls://siem-a.example.com:6514", "tls://siem-b.example.com:6514"]', `endpoints: ["tcp://127.0.0.1:${receiverPort}"]`],
    ['    - --start\n', ['--start', ...options].map((option) => `    - ${option}\n`).join('')],
    // Nobody balances here, and the scenario would wait for it.
    ['drain_delay: 30s', 'drain_delay: 0s'],
  ].reduce((current, [from, to]) => {
    if (current.split(from as string).length !== 2) throw new Error(`the cloud-config has not exactly one ${from}`)
    return current.replace(from as string, to as string)
  }, text)
  return { userData: replaced, package: packageInMachine }
}
