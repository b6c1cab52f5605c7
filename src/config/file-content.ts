import { readFile } from 'node:fs/promises'
import type { ConfigPath, Report } from './problems.ts'

const hints: Record<string, string> = {
  EACCES: "let the relay's user read it",
  EISDIR: 'name a file',
  ENOENT: 'there is no such file; a relative path begins at the working directory',
}

/** Where systemd puts the credentials of services (systemd.exec(5), LoadCredential=); while a service does not run its are not there. */
const credentials = '/run/credentials/'

/**
 * What is in a file that the configuration names; undefined where it names none, and, reported, where it cannot be read.
 * `credential`: it may be one of systemd's, and we are not the service that sees them.
 */
export async function contentOf(
  file: string | undefined,
  path: ConfigPath,
  report: Report,
  { beside = false, credential = file?.startsWith(credentials) }: { beside?: boolean; credential?: boolean } = {},
): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (beside && credential && (code === 'ENOENT' || code === 'EACCES')) {
      const hint = 'LoadCredential= or LoadCredentialEncrypted= of the service must name it; the start says so if it does not'
      report('warning', path, `${file} is not seen here: a credential of systemd is there for the service alone`, hint)
      return undefined
    }
    report('error', path, `${file} cannot be read (${code ?? String(error)})`, hints[code ?? ''])
    return undefined
  }
}
