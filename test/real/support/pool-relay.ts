import { open, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { PipelineStatus, RelayStatus } from '../../../src/core/status.ts'
import { checkLedger } from './check-ledger.ts'
import { httpGet } from './http-get.ts'
import { type NodeOptions, nodeConfiguration, type PoolNode } from './pool-relay-config.ts'
import { Program, runProgram } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

// LOGRELAY runs the same scenarios against an installed relay.
const command = process.env.LOGRELAY ?? fileURLToPath(new URL('../../../bin/logrelay', import.meta.url))
/** drain_delay and stop_timeout may pass before it ends. */
const endTimeoutMs = 40_000
/** Of the log, in the report of a failure. */
const shownBytes = 4096

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly pipeline?: string
}

/** One node of the pool: a relay as its users run it, that may be killed, drained and started again. */
export class PoolRelay {
  readonly node: PoolNode
  readonly #room: Room
  readonly #configFile: string
  readonly #logFile: string
  #program: Program | undefined
  #lastLines = ''

  private constructor(room: Room, node: PoolNode) {
    this.#room = room
    this.node = node
    this.#configFile = room.path(`${node.name}.yaml`)
    this.#logFile = room.path(`${node.name}.log`)
  }

  static async start(room: Room, node: PoolNode, options: NodeOptions): Promise<PoolRelay> {
    const relay = new PoolRelay(room, node)
    room.explaining(() => `--- ${node.name} logged:\n${relay.#lastLines}`)
    // The room's directory is gone when a failure is explained.
    room.closing(async () => {
      relay.#lastLines = (await readFile(relay.#logFile, 'utf8')).slice(-shownBytes)
    })
    // JSON is YAML too.
    await writeFile(relay.#configFile, JSON.stringify(nodeConfiguration(node, options), null, 2))
    await relay.restart()
    return relay
  }

  get name(): string {
    return this.node.name
  }

  /** A (new) life with the same configuration and data directory, ready. */
  async restart(): Promise<void> {
    const log = await open(this.#logFile, 'a')
    const program = await Program.start(this.#room, command, ['start', '--config', this.#configFile], {
      stdio: ['ignore', 'ignore', log.fd],
    })
    await log.close()
    this.#program = program
    this.#room.closing(() => this.stop())
    await until(`${this.name} to be ready`, async () => {
      if (!program.alive) throw new Error(`${this.name} ended instead of starting: ${(await this.log()).at(-1)?.msg}`)
      return (await httpGet(this.node.adminPort, '/readyz')).status === 200
    })
  }

  /** SIGKILL, as the kernel sends it when memory runs out. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }

  /** SIGTERM, as systemd sends it: with drain_delay, and the exit status has to be 0. */
  async stop(): Promise<void> {
    if (this.#program?.alive !== true) return
    const status = await this.#program.stop('SIGTERM', endTimeoutMs)
    if (status !== 0) throw new Error(`${this.name} ended with ${status} after SIGTERM`)
  }

  /** `logrelay drain`, then waits until /status says that it is safe to end the process, which goes on answering. */
  async drain(): Promise<void> {
    await runProgram(command, ['drain', '--config', this.#configFile])
    let state = ''
    await until(
      () => `${this.name} to be drained; it is ${state}`,
      async () => {
        state = (await this.status()).state
        return state === 'drained'
      },
      endTimeoutMs,
    )
  }

  async status(): Promise<RelayStatus> {
    const { status, body } = await httpGet(this.node.adminPort, '/status')
    if (status !== 200) throw new Error(`/status of ${this.name} answered ${status}: ${body.slice(0, 300)}`)
    return JSON.parse(body) as RelayStatus
  }

  async pipeline(name: string): Promise<PipelineStatus> {
    const pipeline = (await this.status()).pipelines[name]
    if (pipeline === undefined) throw new Error(`${this.name} has no pipeline ${name}`)
    return pipeline
  }

  /** Messages that wait for the sink, in all pipelines. Throws where a ledger does not balance. */
  async queued(): Promise<number> {
    let queued = 0
    for (const { ledger } of Object.values((await this.status()).pipelines)) {
      checkLedger(ledger)
      queued += ledger.sinks.upstream?.queued ?? 0
    }
    return queued
  }

  async untilLogged(part: string): Promise<void> {
    await until(`${this.name} to log "${part}"`, async () => (await this.log()).some(({ msg }) => msg.includes(part)))
  }

  /** All lines of all its lives. */
  async log(): Promise<LogLine[]> {
    const lines = (await readFile(this.#logFile, 'utf8')).split('\n')
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine)
  }
}
