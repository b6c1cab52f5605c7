import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { PipelineStatus, RelayStatus } from '../../src/core/status.ts'
import { getStatus } from '../../src/health/control-client.ts'
import { controlSocketPath } from '../../src/health/control-socket.ts'
import type { RelayConfig } from './relay-config.ts'
import { until } from './relay-until.ts'
import { shortDir } from './short-dir.ts'

// LOGRELAY runs the same tests against an installed relay.
export const command = process.env.LOGRELAY ?? fileURLToPath(new URL('../../bin/logrelay', import.meta.url))

/** What Node.js compiled once need not be compiled for each of a hundred processes. */
export const environment = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'logrelay-test-compile-cache') }

export interface LogRecord {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The relay as its users run it, with a directory for its data and its configuration that outlives its process. */
export class RelayProcess {
  readonly dir: string
  readonly dataDir: string
  readonly configFile: string
  /** Every line on standard error so far, of all lives; what is no JSON has the level `text`. */
  readonly log: LogRecord[] = []
  stdout = ''
  stderr = ''
  ended: Promise<Ended> = Promise.resolve({ code: null, signal: null })
  readonly #lines = new EventEmitter()
  #child: ChildProcess | undefined

  private constructor(t: Test) {
    this.dir = shortDir(t)
    this.dataDir = join(this.dir, 'data')
    this.configFile = join(this.dir, 'relay.json')
    t.teardown(() => this.kill())
  }

  /** Resolves when the relay has said that it runs. */
  static async start(t: Test, config: RelayConfig): Promise<RelayProcess> {
    const relay = RelayProcess.prepare(t, config)
    await relay.start()
    return relay
  }

  /** Directory and configuration alone. */
  static prepare(t: Test, config: RelayConfig): RelayProcess {
    const relay = new RelayProcess(t)
    relay.configure(config)
    return relay
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Writes the configuration; a running relay reads it at the next reload. */
  configure(config: RelayConfig): void {
    // JSON is YAML too.
    writeFileSync(this.configFile, JSON.stringify({ data_dir: this.dataDir, admin: { listen: '127.0.0.1:0' }, ...config }, null, 2))
  }

  /** A new life with the same data directory. Resolves with the banner's first line on standard output, throws when it ends instead. */
  async start(): Promise<void> {
    const child = this.launch()
    const banner = () => this.stdout.includes('logrelay is running')
    while (!banner()) {
      await Promise.race([once(this.#lines, 'stdout'), this.ended])
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the relay ended instead of starting: ${this.stderr}`)
    }
  }

  /** Starts the process and waits for nothing. */
  launch(): ChildProcess {
    this.stdout = ''
    this.stderr = ''
    const child = spawn(command, ['start', '--config', this.configFile], {
      cwd: this.dir,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Ended)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#lines.emit('stdout')
    })
    this.#readLog(child)
    return child
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** SIGTERM, and how it ended. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.ended
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.alive) this.signal('SIGKILL')
    await this.ended
  }

  /** SIGHUP after the configuration was changed; resolves with the line that says what became of it. */
  reload(config?: RelayConfig): Promise<LogRecord> {
    if (config !== undefined) this.configure(config)
    const answered = this.logged(/^configuration reloaded|^the new configuration is refused/)
    this.signal('SIGHUP')
    return answered
  }

  /** The next line whose text matches. Bounded by the end of the process. */
  async logged(text: RegExp): Promise<LogRecord> {
    let at = this.log.length
    const gone = this.ended.then(() => 'gone' as const)
    for (;;) {
      for (; at < this.log.length; at++) if (text.test(this.log[at]?.msg ?? '')) return this.log[at] as LogRecord
      if ((await Promise.race([once(this.#lines, 'log'), gone])) === 'gone' && at >= this.log.length) {
        throw new Error(`the relay ended before it logged ${text}: ${this.stderr}`)
      }
    }
  }

  status(): Promise<RelayStatus> {
    return getStatus(controlSocketPath(this.dataDir))
  }

  async pipeline(name = 'main'): Promise<PipelineStatus> {
    const found = (await this.status()).pipelines[name]
    if (found === undefined) throw new Error(`there is no pipeline ${name}`)
    return found
  }

  /** Looks at a pipeline until it is as wanted, and returns it as it then is. */
  untilPipeline(
    what: string,
    wanted: (pipeline: PipelineStatus) => boolean,
    { name = 'main', boundMs = 30_000 } = {},
  ): Promise<PipelineStatus> {
    let last: PipelineStatus | undefined
    const look = async () => {
      last = await this.pipeline(name)
      return wanted(last) && last
    }
    return until(() => `${what}; the relay says ${JSON.stringify(last)}`, look, boundMs)
  }

  async port(name = 'main'): Promise<number> {
    const port = (await this.pipeline(name)).source.listening[0]?.port
    if (port === undefined) throw new Error(`pipeline ${name} listens on nothing`)
    return port
  }

  /** Where the admin server listens, as the banner says. */
  get admin(): string {
    const url = /^ {2}admin: (http:\S+)/m.exec(this.stdout)?.[1]
    if (url === undefined) throw new Error(`no admin address in ${this.stdout}`)
    return url
  }

  #readLog(child: ChildProcess): void {
    let rest = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.log.push(...lines.map(record))
      this.#lines.emit('log')
    })
  }
}

function record(line: string): LogRecord {
  try {
    return JSON.parse(line) as LogRecord
  } catch {
    return { level: 'text', msg: line }
  }
}
