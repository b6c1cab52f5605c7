import { isAbsolute } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { certificateFiles } from './certificate-list.ts'
import { someOf } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import { shellWord } from './shell-word.ts'
import type { Situation } from './situation.ts'

const { ok, problem, unknown } = findingsOf('files')
const subject = 'configured files'

/** Where systemd puts the credentials of services: they are there for the service alone. */
const credentials = '/run/credentials/'
/** Prints what of its arguments cannot be read, each ended by a NUL. */
const script = 'for f; do [ -r "$f" ] || printf "%s\\0" "$f"; done'

/** Whether the user who runs the relay may read the configuration, and the certificates, keys and secrets that it names. */
export async function checkReadable({ host, config, configFile, user }: Situation, signal: AbortSignal): Promise<Finding[]> {
  const files = namedFiles(config, configFile)
  if (files.length === 0 || user.uid === 0) return []
  if (user.uid === undefined)
    return [problem(subject, `the user ${user.name} of the unit does not exist: the relay cannot start`, 'systemd-sysusers')]
  const shell = ['sh', '-c', script, 'sh', ...files]
  // The kernel's own answer, so that groups, access lists and the directories above are part of it.
  const own = user.uid === host.uid
  if (!own && host.uid !== 0) return [unknown(subject, `whether user ${user.name} may read them is for root to see`)]
  const [command, ...args] = own ? shell : ['runuser', '-u', user.name, '--', ...shell]
  const asked = await host.run(command as string, args, signal)
  if (asked?.status !== 0) return [unknown(subject, `runuser, or a shell, cannot try it as user ${user.name}`)]
  const denied = asked.out.split('\0').filter((file) => file !== '')
  if (denied.length === 0) return [ok(subject, `user ${user.name} may read all ${files.length}`)]
  const says = `user ${user.name}, who runs the relay, may not read ${someOf(denied)}: it cannot start, or not deliver`
  const words = denied.map(shellWord).join(' ')
  return [problem(subject, says, `chgrp ${shellWord(user.name)} ${words} && chmod g+r ${words}`)]
}

function namedFiles(config: Config, configFile: string | undefined): string[] {
  const certificates = certificateFiles(config).filter(({ kind }) => kind !== 'self-signed')
  const all = [
    ...(configFile === undefined ? [] : [configFile]),
    ...certificates.flatMap(({ file, keyFile }) => [file, ...(keyFile === undefined ? [] : [keyFile])]),
    ...secretFiles([config.sinks, config.pipelines]),
  ]
  // A relative secret may be a credential.
  return [...new Set(all)].filter((file) => !file.startsWith(credentials) && (isAbsolute(file) || file === configFile))
}

/** Every `{ file: … }` below a value: that is how a secret is written, and nothing else has the key. */
function secretFiles(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === 'file' && typeof inner === 'string' ? [inner] : secretFiles(inner)))
}
