import { execFile } from 'node:child_process'
import { type Relay, relayCommand } from './relay.ts'

const limitMs = 60_000

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of the relay's program to its end, with the configuration of this relay: `logrelay ARGS --config FILE`. */
export function runCommand(relay: Relay, ...args: string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    execFile(relayCommand, [...args, '--config', relay.configFile], { timeout: limitMs }, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code
      if (typeof status === 'number') resolve({ status, stdout, stderr })
      else reject(new Error(`logrelay ${args.join(' ')}: ${error?.message}`))
    })
  })
}

/** The same, where it has to end with 0; returns what it printed. */
export async function demandCommand(relay: Relay, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(relay, ...args)
  if (status !== 0) throw new Error(`logrelay ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return stdout
}
