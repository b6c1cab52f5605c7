import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ConfigInput } from '../../../src/config/schema.ts'
import type { PipelineStatus, RelayStatus } from '../../../src/core/status.ts'
import { checkLedger } from './check-ledger.ts'
import { freePort } from './free-port.ts'
import { httpGet } from './http-get.ts'
import { Program } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

/** The relay's program. LOGRELAY runs the same scenarios against an installed one. */
export const relayCommand = process.env.LOGRELAY ?? fileURLToPath(new URL('../../../bin/logrelay', import.meta.url))

type Pipeline = ConfigInput['pipelines'][string]
type Source<Type extends string> = Extract<Pipeline['source'], { type: Type }>

export interface RelayOptions {
  /** Where the relay delivers: the port of an upstream that reads octet counting. */
  readonly upstream?: number
  /** Takes the place of the sink that `upstream` makes. */
  readonly sink?: ConfigInput['sinks'][string]
  /** What is left out is syslog on a port of 127.0.0.1. */
  readonly source?: Partial<Source<'syslog'>> | ({ type: 'relp' } & Partial<Source<'relp'>>)
  readonly queue?: Pipeline['queue']
  readonly tls?: ConfigInput['tls']
}

/** The relay under test, as its users run it: a process with a configuration file and a data directory. */
export class Relay {
  readonly port: number
  readonly #room: Room
  readonly #admin: number
  readonly #configFile: string
  #program: Program | undefined

  private constructor(room: Room, port: number, admin: number, configFile: string) {
    this.#room = room
    this.port = port
    this.#admin = admin
    this.#configFile = configFile
  }

  /** Starts a relay with one pipeline and waits until it is ready. At the room's end it is stopped and has to exit with 0. */
  static async start(room: Room, options: RelayOptions): Promise<Relay> {
    const relay = await Relay.configured(room, options)
    await relay.restart()
    return relay
  }

  /** The same without the start: for commands that come before it. `restart` starts it. */
  static async configured(room: Room, options: RelayOptions): Promise<Relay> {
    const port = await freePort()
    const admin = await freePort()
    const configFile = room.path('logrelay.yaml')
    // JSON is YAML too.
    await writeFile(configFile, JSON.stringify(configuration(room, port, admin, options), null, 2))
    return new Relay(room, port, admin, configFile)
  }

  get pid(): number {
    return this.#program?.pid ?? 0
  }

  /** The port of its admin server. */
  get adminPort(): number {
    return this.#admin
  }

  get configFile(): string {
    return this.#configFile
  }

  /** SIGKILL, as the kernel sends it when memory runs out. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }

  /** A new life with the same configuration and data directory. */
  async restart(): Promise<void> {
    await this.#launch()
  }

  async stop(): Promise<void> {
    if (this.#program?.alive !== true) return
    const status = await this.#program.stop('SIGTERM')
    if (status !== 0) throw new Error(`the relay ended with ${status} after SIGTERM`)
  }

  async status(): Promise<PipelineStatus> {
    const { status, body } = await httpGet(this.#admin, '/status')
    const pipeline = status === 200 ? (JSON.parse(body) as RelayStatus).pipelines.main : undefined
    if (pipeline === undefined) throw new Error(`/status answered ${status}: ${body.slice(0, 300)}`)
    return pipeline
  }

  /**
   * Waits until so many messages were received in all and the sink has settled every one of them, and checks the ledger:
   * received = delivered + queued + rejected + dropped. Nothing may have been rejected or dropped.
   */
  async settled(received: number, timeoutMs?: number): Promise<void> {
    let last = ''
    await until(
      () => `${received} messages received and settled; the ledger says ${last}`,
      async () => {
        const { ledger } = await this.status()
        last = JSON.stringify(ledger)
        checkLedger(ledger)
        const sink = ledger.sinks.upstream
        return sink !== undefined && sink.queued === 0 && sink.received === received && sink.delivered === received
      },
      timeoutMs,
    )
  }

  async #launch(): Promise<void> {
    const program = await Program.start(this.#room, relayCommand, ['start', '--config', this.#configFile])
    this.#program = program
    this.#room.closing(() => this.stop())
    await until('/readyz to answer 200', async () => {
      if (!program.alive) throw new Error('the relay ended instead of starting')
      return (await httpGet(this.#admin, '/readyz')).status === 200
    })
  }
}

function configuration(room: Room, port: number, admin: number, options: RelayOptions): ConfigInput {
  return {
    data_dir: room.path('data'),
    admin: { listen: `127.0.0.1:${admin}` },
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    sinks: {
      upstream: options.sink ?? {
        type: 'syslog',
        endpoints: [`tcp://127.0.0.1:${options.upstream}`],
        format: 'raw',
        framing: 'octet-counting',
      },
    },
    pipelines: {
      main: { source: { type: 'syslog', host: '127.0.0.1', port, ...options.source }, queue: options.queue, sinks: ['upstream'] },
    },
  }
}
