import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DebianMachine } from '../machines/debian-machine.ts'

/** The packages that run.sh has built: `current` by `npm run build:packages`, `previous` the same under a lower version. */
export async function packageFile(age: 'current' | 'previous', kind: 'deb' | 'rpm'): Promise<string> {
  const name = age === 'current' ? 'LOGRELAY_PACKAGES' : 'LOGRELAY_PREVIOUS_PACKAGES'
  const directory = process.env[name]
  if (directory === undefined) throw new Error(`${name} is not set: start this through test/real/run.sh, which builds them`)
  const found = (await readdir(directory)).filter((file) => file.endsWith(`.${kind}`))
  if (found.length !== 1) throw new Error(`${directory} has ${found.length} packages that end in .${kind}: ${found.join(', ')}`)
  return join(directory, found[0] as string)
}

const installers = { deb: 'apt-get install --yes', rpm: 'rpm --upgrade --nodeps' } as const

/** Puts the package into a running machine and installs it; answers with what that says. */
export async function installPackage(machine: DebianMachine, age: 'current' | 'previous', kind: 'deb' | 'rpm'): Promise<string> {
  const file = await packageFile(age, kind)
  const inside = `/root/${basename(file)}`
  await machine.copyIn(file, inside)
  return await machine.shell(`${installers[kind]} ${inside}`)
}
