import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Room } from './room.ts'

const running = new Set<ChildProcess>()
// Whatever ends the run, no program it started outlives it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const keptBytes = 4096

/** A real program as a child process; what it prints is kept (its last 4 KiB) for the report of a failure. */
export class Program {
  readonly name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #output = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    running.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptBytes)
      })
    }
    this.#ended = once(child, 'close').then(() => {
      running.delete(child)
    })
  }

  /** Starts the program; the room stops it at its end. */
  static async start(room: Room, command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Program> {
    const child = spawn(command, args, { cwd: room.dir, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const program = new Program(command.split('/').at(-1) ?? command, child)
    await once(child, 'spawn')
    room.closing(() => program.stop())
    room.explaining(() => (program.output === '' ? '' : `--- ${program.name} (${child.pid}) printed:\n${program.output.trimEnd()}\n`))
    return program
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get output(): string {
    return this.#output
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it and waits; returns the exit status, or the signal's name. One that does not end within the time is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 15_000): Promise<number | string> {
    if (this.alive) this.signal(signal)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    await this.#ended
    clearTimeout(late)
    return this.#child.exitCode ?? this.#child.signalCode ?? 'unknown'
  }
}

/** Runs a program to its end and returns its output; throws unless it exits with 0. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { cwd?: string; stdin?: Buffer; env?: NodeJS.ProcessEnv } = {},
): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' })
  running.add(child)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(options.stdin)
  await once(child, 'close')
  running.delete(child)
  if (child.exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${child.exitCode}: ${Buffer.concat(stderr)}`)
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
}
