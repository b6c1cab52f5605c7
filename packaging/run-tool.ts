import { spawnSync } from 'node:child_process'

export interface ToolOptions {
  readonly cwd?: string
  /** Beside this process' own. */
  readonly env?: NodeJS.ProcessEnv
  /** Which package of Debian has it, for whoever has it not. */
  readonly debianPackage?: string
}

/** Runs a program to its end. What it says is shown only when it fails: in the error. */
export function runTool(command: string, args: readonly string[], { cwd, env, debianPackage }: ToolOptions = {}): void {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' })
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT' && debianPackage !== undefined) {
    throw new Error(`${command} is not installed: apt-get install ${debianPackage}`)
  }
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}:\n${stdout}${stderr}`)
}
