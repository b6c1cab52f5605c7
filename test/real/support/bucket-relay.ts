import { open, readFile, writeFile } from 'node:fs/promises'
import type { ConfigInput } from '../../../src/config/schema.ts'
import type { QueueStatus } from '../../../src/core/queue.ts'
import type { PollingStatus } from '../../../src/core/source.ts'
import type { PipelineStatus, RelayStatus } from '../../../src/core/status.ts'
import { checkLedger } from './check-ledger.ts'
import { freePort } from './free-port.ts'
import { httpGet } from './http-get.ts'
import { Program, runProgram } from './program.ts'
import { relayCommand } from './relay.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

type Pipeline = ConfigInput['pipelines'][string]
type S3Source = Extract<Pipeline['source'], { type: 's3' }>
type Sink = ConfigInput['sinks'][string]

export interface BucketRelayOptions {
  /** Default: `relay`. Several relays of a room need a name each. */
  readonly name?: string
  readonly source: Omit<S3Source, 'type'>
  /** Default: a file, whose path is `output`. */
  readonly sink?: Sink
  readonly queue?: Pipeline['queue']
}

/** What /status says of the source and its queue, at one moment. */
export interface BucketView extends PollingStatus {
  readonly received: number
  /** Messages that wait for the sink. */
  readonly queued: number
  /** Objects among the dead letters of the source. */
  readonly letters: number
  readonly condition: QueueStatus['condition']
  /** Stored (compressed) bytes that wait. */
  readonly queueBytes: number
}

/** Of the log, in the report of a failure. */
const shownBytes = 4096

/** A relay with one pipeline that reads a bucket: a process with a configuration file and a data directory, that may be killed. */
export class BucketRelay {
  readonly name: string
  readonly #room: Room
  readonly #admin: number
  #program: Program | undefined
  #peakMiB = 0
  #lastLines = ''

  private constructor(room: Room, name: string, admin: number) {
    this.#room = room
    this.name = name
    this.#admin = admin
  }

  /** At the room's end it is stopped and has to exit with 0. */
  static async start(room: Room, options: BucketRelayOptions): Promise<BucketRelay> {
    const { name = 'relay' } = options
    const relay = new BucketRelay(room, name, await freePort())
    room.explaining(() => `--- ${name} logged:\n${relay.#lastLines}`)
    // The room's directory is gone when a failure is explained.
    room.closing(async () => {
      relay.#lastLines = (await readFile(relay.#logFile, 'utf8')).slice(-shownBytes)
    })
    // JSON is YAML too. It has a secret in it.
    await writeFile(relay.#configFile, JSON.stringify(relay.#configuration(options), null, 2), { mode: 0o600 })
    await relay.restart()
    return relay
  }

  /** What the file sink wrote, a line a message. */
  get output(): string {
    return this.#room.path(`${this.name}.out`)
  }

  /** A (new) life with the same configuration and data directory. It need not be ready: its queue may be full. */
  async restart(): Promise<void> {
    const log = await open(this.#logFile, 'a')
    const stdio = ['ignore', 'ignore', log.fd] as const
    const program = await Program.start(this.#room, relayCommand, ['start', '--config', this.#configFile], { stdio: [...stdio] })
    await log.close()
    this.#program = program
    this.#room.closing(() => this.stop())
    await until(`${this.name} to run`, async () => {
      if (!program.alive) throw new Error(`${this.name} ended instead of starting: ${(await this.log()).at(-1)}`)
      const { status, body } = await httpGet(this.#admin, '/status')
      return status === 200 && (JSON.parse(body) as RelayStatus).state === 'running'
    })
  }

  /** SIGKILL, as the kernel sends it when memory runs out. */
  async kill(): Promise<void> {
    await this.peakMiB()
    await this.#program?.stop('SIGKILL')
  }

  /** SIGSTOP makes a process that does nothing and does not know it, until SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  async stop(): Promise<void> {
    if (this.#program?.alive !== true) return
    const status = await this.#program.stop('SIGTERM', 40_000)
    if (status !== 0) throw new Error(`${this.name} ended with ${status} after SIGTERM`)
  }

  /** The most memory that any of its lives has had resident until now. */
  async peakMiB(): Promise<number> {
    if (this.#program?.alive === true) {
      const text = await readFile(`/proc/${this.#program.pid}/status`, 'utf8')
      this.#peakMiB = Math.max(this.#peakMiB, Math.ceil(Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1]) / 1024))
    }
    return this.#peakMiB
  }

  async status(): Promise<PipelineStatus> {
    const { status, body } = await httpGet(this.#admin, '/status')
    const pipeline = status === 200 ? (JSON.parse(body) as RelayStatus).pipelines.bucket : undefined
    if (pipeline === undefined) throw new Error(`/status of ${this.name} answered ${status}: ${body.slice(0, 300)}`)
    return pipeline
  }

  /** Throws where the ledger does not balance, or something was dropped or refused by the sink. */
  async view(): Promise<BucketView> {
    const { ledger, queue, source } = await this.status()
    checkLedger(ledger)
    const sink = ledger.sinks.sink
    if (sink === undefined || source.polling === undefined) throw new Error(`/status of ${this.name} says nothing of the bucket`)
    const { received, queued, delivered } = sink
    if (delivered + queued !== received) throw new Error(`the ledger of ${this.name} says ${JSON.stringify(ledger)}`)
    const { condition, bytes: queueBytes, deadLetters } = queue
    return { ...source.polling, received, queued, letters: deadLetters['@source'] ?? 0, condition, queueBytes }
  }

  /** Waits until what /status says is so, and returns it. */
  async until(what: string, condition: (view: BucketView) => boolean, timeoutMs = 60_000): Promise<BucketView> {
    let last: BucketView | undefined
    return await until(
      () => `${what}; /status of ${this.name} says ${JSON.stringify(last)}`,
      async () => {
        last = await this.view()
        return condition(last) && last
      },
      timeoutMs,
    )
  }

  /** The lines of all its lives. */
  async log(): Promise<string[]> {
    return (await readFile(this.#logFile, 'utf8')).split('\n').filter((line) => line !== '')
  }

  /** Of its log that it has written up to now, the line with this in it. */
  async untilLogged(part: string): Promise<string> {
    return await until(`${this.name} to log "${part}"`, async () => (await this.log()).find((line) => line.includes(part)))
  }

  /** A command of the relay's, with its configuration; returns what it prints. */
  async command(...args: readonly string[]): Promise<Buffer> {
    return (await runProgram(relayCommand, [...args, '--config', this.#configFile])).stdout
  }

  get #configFile(): string {
    return this.#room.path(`${this.name}.yaml`)
  }

  get #logFile(): string {
    return this.#room.path(`${this.name}.log`)
  }

  #configuration({ source, sink, queue }: BucketRelayOptions): ConfigInput {
    return {
      data_dir: this.#room.path(`${this.name}-data`),
      admin: { listen: `127.0.0.1:${this.#admin}` },
      sinks: { sink: sink ?? { type: 'file', path: this.output, max_file_size: '10GiB' } },
      pipelines: { bucket: { source: { type: 's3', ...source }, queue, sinks: ['sink'] } },
    }
  }
}
