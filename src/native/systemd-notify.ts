import { execFile } from 'node:child_process'
import { RelayError } from '../core/errors.ts'

const timeoutMs = 5_000

/**
 * Sends the assignments through systemd's own command. systemd takes them from a child of ours only where the unit says
 * NotifyAccess=all. Answers what went wrong.
 */
export function runSystemdNotify(assignments: readonly string[], env: NodeJS.ProcessEnv): Promise<RelayError | undefined> {
  return new Promise((resolve) => {
    execFile('systemd-notify', [...assignments], { env, timeout: timeoutMs }, (error, _stdout, stderr) => {
      if (error === null) return resolve(undefined)
      const why = stderr.trim() || error.message
      resolve(new RelayError('INTERNAL', `systemd-notify: ${why}`, { cause: error }))
    })
  })
}
