import { cp, mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Program, runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

const bootLimitMs = 90_000
/** A relay takes its drain_delay and stop_timeout, and systemd waits for it. */
const stopLimitMs = 60_000

/** What debian-root.sh makes, and the variables in which run.sh names them. */
const roots = { empty: 'LOGRELAY_EMPTY_ROOT', cloud: 'LOGRELAY_CLOUD_ROOT' } as const

/**
 * Debian 12 with systemd, booted in a container with a network of its own, which has loopback alone. It has the
 * kernel of this machine and no udev; the rest is as on a virtual machine. Needs root.
 */
export class DebianMachine {
  readonly root: string
  readonly #room: Room
  #container: Program | undefined
  #init = 0

  private constructor(room: Room, root: string) {
    this.#room = room
    this.root = root
  }

  /** A copy of one of the roots. */
  static async fresh(room: Room, kind: keyof typeof roots, name: string): Promise<DebianMachine> {
    const root = process.env[roots[kind]]
    if (root === undefined) throw new Error(`${roots[kind]} is not set: start this through test/real/run.sh, which makes it`)
    return DebianMachine.#copy(room, root, name)
  }

  /** Another machine from this one's disk, as it is. This one must be stopped. */
  clone(name: string): Promise<DebianMachine> {
    return DebianMachine.#copy(this.#room, this.root, name)
  }

  static async #copy(room: Room, from: string, name: string): Promise<DebianMachine> {
    const root = room.path(name)
    await runProgram('cp', ['-a', '--reflink=auto', from, root])
    return new DebianMachine(room, root)
  }

  async write(path: string, content: string): Promise<void> {
    const file = join(this.root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }

  read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8')
  }

  async copyIn(from: string, path: string): Promise<void> {
    await cp(from, join(this.root, path))
  }

  /** Starts it, with block devices of this machine, and waits until systemd has started everything. */
  async boot(devices: readonly string[] = []): Promise<void> {
    const bound = devices.map((device) => `--bind=${device}`)
    const isolated = ['--register=no', '--keep-unit', '--private-network', '--link-journal=no']
    const container = await Program.start(this.#room, 'systemd-nspawn', [
      '--directory',
      this.root,
      '--boot',
      '--quiet',
      ...isolated,
      ...bound,
    ])
    this.#container = container
    this.#init = await until('the first process of the machine', () => firstProcess(container.pid))
    // It answers as soon as its init has put the pieces of the system in place.
    await until('systemd in the machine', () => this.#answers('systemctl', 'is-system-running', '--wait'), bootLimitMs)
  }

  /** The status of the system is of no interest: 0 running, 1 degraded. Anything else: it is not there yet. */
  async #answers(...command: string[]): Promise<boolean> {
    if (this.#container?.alive !== true) throw new Error('the container has ended')
    const answer = await this.run(...command).catch((error: Error) => error.message)
    return /running|ended with 1: *$/.test(answer)
  }

  /** Runs a command in the machine, as root. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await runProgram('nsenter', ['--all', '--target', String(this.#init), '--', ...command])
    return stdout.toString()
  }

  /** Runs a line of a shell in the machine, as root; what it prints, errors included. */
  async shell(line: string): Promise<string> {
    return await this.run('bash', '-c', `{ ${line}; } 2>&1`)
  }

  /** Starts a program of this host in the machine's network; the room stops it. */
  async startOutside(command: string, ...args: string[]): Promise<Program> {
    return await Program.start(this.#room, 'nsenter', ['--net', '--target', String(this.#init), '--', command, ...args])
  }

  /** Shuts it down as a cloud does, and waits. */
  async stop(): Promise<void> {
    await this.#container?.stop('SIGTERM', stopLimitMs)
  }
}

/** The container's own first process: a child that has its own process ids and is systemd by now. Before, it is still one of ours. */
async function firstProcess(container: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${container}/task/${container}/children`, 'latin1')
  const ours = await readlink('/proc/self/ns/pid')
  for (const child of children.split(' ').filter((pid) => pid !== '')) {
    const [space, name] = await Promise.all([
      readlink(`/proc/${child}/ns/pid`).catch(() => ours),
      readFile(`/proc/${child}/comm`, 'latin1').catch(() => ''),
    ])
    if (space !== ours && name === 'systemd\n') return Number(child)
  }
  return undefined
}
