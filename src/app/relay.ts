import type { HostPort } from '../config/formats.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { StoredBatch } from '../core/batch.ts'
import type { Component } from '../core/component.ts'
import { RelayError } from '../core/errors.ts'
import type { PipelineStatus, RelayState, RelayStatus } from '../core/status.ts'
import { ControlServer } from '../health/control-server.ts'
import { type Changes, type PipelineSpec, type StopSignals, Supervisor } from '../pipeline/supervisor.ts'
import { wait } from '../retry/backoff.ts'
import { untilAbort } from '../retry/until-abort.ts'
import { ConnectionBudget } from '../sources/connection-budget.ts'
import { UdpReceiver } from '../sources/udp-receiver.ts'
import type { RelayLogger } from '../telemetry/create-logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { Certificates } from './certificates.ts'
import { pipelineSpecs } from './compose/compose.ts'
import type { Surroundings } from './compose/surroundings.ts'
import { makeDataDir, withAbsoluteDataDir } from './data-dir.ts'
import { RelayLetters } from './dead-letters.ts'
import { Listeners } from './listeners.ts'
import { MissingPipelines } from './missing-pipelines.ts'
import { connectionLimit, openFilesLimit } from './open-files.ts'
import { version } from './version.ts'

/** A pipeline that a reload replaces may take so long to close its connections; its queue is not emptied first. */
const reloadDeadlineMs = 5000

export interface RelayOptions {
  readonly loaded: LoadedConfig
  readonly logger: RelayLogger
  /** Somebody asked for a drain on the control socket. */
  readonly onDrain: () => void
}

/** The whole relay in one process: starts and stops its parts in order, reloads, and knows its status. */
export class Relay implements Component {
  readonly #logger: RelayLogger
  readonly #startedAtMs = Date.now()
  readonly #control: ControlServer
  readonly #certificates: Certificates
  readonly #listeners: Listeners
  readonly #surroundings: Surroundings
  readonly #supervisor: Supervisor
  readonly #missing: MissingPipelines
  #config: Config
  #file: string
  #state: RelayState = 'starting'
  #reloadError: string | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  /** Pipelines that did not run when the drain began: nobody knows what their queues hold. */
  #unknown: readonly string[] = []
  #started: Component[] = []

  constructor({ loaded, logger, onDrain }: RelayOptions) {
    this.#config = withAbsoluteDataDir(loaded.config)
    this.#file = loaded.file
    this.#logger = logger
    const status = () => this.status()
    this.#certificates = new Certificates(this.#config, logger)
    const openFiles = openFilesLimit()
    const budget = new ConnectionBudget(() => connectionLimit(this.#config, openFiles))
    this.#surroundings = { certificates: this.#certificates, logger, budget, udpPorts: new UdpReceiver({ logger }) }
    this.#supervisor = new Supervisor(pipelineSpecs(this.#config, this.#surroundings), logger)
    this.#missing = new MissingPipelines({ start: (spec) => this.#supervisor.add(spec), logger })
    this.#listeners = new Listeners(this.#config, { status, metrics: new Metrics({ status, limits: () => this.#config }), logger })
    this.#control = new ControlServer({
      dataDir: this.#config.data_dir,
      status,
      browse: (pipeline, fromSeq, signal) => this.browse(pipeline, fromSeq, signal),
      letters: new RelayLetters({ names: () => this.#supervisor.names, desk: (name) => this.#supervisor.get(name)?.letters }),
      drain: onDrain,
      log: logger,
    })
  }

  get config(): Config {
    return this.#config
  }

  /** Started, and not asked to stop. */
  get running(): boolean {
    return this.#state === 'running'
  }

  /** Where the admin listener is bound, once started. */
  get adminAddress(): HostPort | undefined {
    return this.#listeners.adminAddress
  }

  /** The control socket first: it is what keeps two relays from one data directory. Rejects with a RelayError, nothing left running. */
  async start(): Promise<void> {
    try {
      await makeDataDir(this.#config.data_dir)
      for (const part of [this.#control, this.#certificates, this.#listeners, this.#supervisor, this.#missing]) {
        await part.start()
        this.#started.push(part)
      }
      this.#state = 'running'
    } catch (error) {
      await this.stop(AbortSignal.abort())
      throw error
    }
  }

  /**
   * Takes the relay out of service, behind a load balancer without a loss: not ready from the first moment, ports open for
   * `drain_delay` more, then closed; UDP is read on as long as it comes, at most `drain_delay` again; then what is queued is
   * delivered until `stop_timeout`. Whoever asks goes on being answered. `now` ends every wait.
   */
  async drain(now: AbortSignal, onPhase: (text: string) => void = () => {}): Promise<void> {
    if (!this.running) return
    this.#state = 'draining'
    const { drain_delay: delayMs, stop_timeout: stopMs } = this.#config
    // A reload under way would start what is about to stop. Only a disk that hangs makes it last so long.
    await untilAbort(this.#reloading, AbortSignal.any([now, AbortSignal.timeout(stopMs)]))
    const { names } = this.#missing
    await this.#missing.stop()
    this.#unknown = names.filter((name) => this.#supervisor.get(name) === undefined)
    if (delayMs > 0) {
      onPhase(`not ready from now on; the ports take messages for ${delayMs / 1000} s more`)
      await wait(delayMs, now)
      onPhase('TCP ports are closed and senders asked to leave; UDP is read until it is quiet')
      await this.#supervisor.leave(AbortSignal.any([now, AbortSignal.timeout(delayMs)]))
    }
    onPhase(`no new messages are taken, what is queued is delivered for up to ${stopMs / 1000} s`)
    const { leaving, deadline } = stopSignals(stopMs)
    await this.#supervisor.stop(AbortSignal.any([now, deadline]), AbortSignal.any([now, leaving]))
    this.#state = 'drained'
  }

  /** Not ready from the first moment; /status answers until the pipelines have stopped. */
  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#state !== 'drained') this.#state = 'draining'
    await untilAbort(this.#reloading, deadline)
    const parts = this.#started.reverse()
    this.#started = []
    for (const part of parts) await part.stop(deadline)
    this.#state = 'stopped'
  }

  /** What waits on disk, by pipeline. */
  get left(): readonly { readonly pipeline: string; readonly messages: number }[] {
    return Object.entries(this.#supervisor.status())
      .map(([pipeline, { queue }]) => ({ pipeline, messages: queue.messages }))
      .filter(({ messages }) => messages > 0)
  }

  /** The same in words. */
  get leftInWords(): string {
    const texts = this.left.map(({ pipeline, messages }) => `${messages} of ${pipeline}`)
    texts.push(...this.#unknown.map((pipeline) => `whatever ${pipeline} held, which did not run`))
    return texts.length === 0 ? 'every message was delivered' : `messages wait on disk for the next start: ${texts.join(', ')}`
  }

  /**
   * Takes over a configuration while running: only pipelines that differ are touched. Rejects with a RelayError, everything
   * as it was, where the new one asks for what cannot be had, and with NOT_RUNNING before the start is over and while it stops.
   */
  reload(loaded: LoadedConfig): Promise<Changes> {
    if (!this.running) return Promise.reject(new RelayError('NOT_RUNNING', `the relay is ${this.#state}`))
    const reload = this.#reload(loaded)
    this.#reloading = reload.catch(() => {}) // Whoever asked for it has the error.
    return reload
  }

  async #reload(loaded: LoadedConfig): Promise<Changes> {
    const config = withAbsoluteDataDir(loaded.config)
    if (config.data_dir !== this.#config.data_dir) {
      throw new RelayError(
        'CONFIG_INVALID',
        `data_dir cannot change while the relay runs (from ${this.#config.data_dir} to ${config.data_dir})`,
        { hint: 'restart the relay for that' },
      )
    }
    await this.#certificates.adopt(config)
    await this.#listeners.adopt(config)
    const specs = pipelineSpecs(config, this.#surroundings)
    await this.#missing.clear()
    const changes = await this.#supervisor.apply(specs, () => stopSignals(reloadDeadlineMs))
    // A pipeline that kept its old form may need the old ones again.
    if (changes.failed.length === 0) await this.#certificates.release()
    await this.#certificates.reload()
    this.#config = config
    this.#file = loaded.file
    this.#logger.setLevel(config.log.level)
    const kept = changes.failed.filter(({ running }) => running)
    this.#reloadError = kept.length > 0 ? kept.map(describeFailed).join('; ') : undefined
    this.#pursue(specs, changes)
    return changes
  }

  #pursue(specs: readonly PipelineSpec[], { failed }: Changes): void {
    const errors = new Map(failed.filter(({ running }) => !running).map(({ name, error }) => [name, error]))
    this.#missing.pursue(
      specs.flatMap((spec) => {
        const error = errors.get(spec.name)
        return error === undefined ? [] : [{ spec, error }]
      }),
    )
  }

  /** A configuration was refused: /status and /readyz say so until a later reload succeeds. */
  refused(error: RelayError): void {
    this.#reloadError = error.message
  }

  browse(pipeline: string, fromSeq: number, signal: AbortSignal): AsyncIterable<StoredBatch> | undefined {
    return this.#supervisor.get(pipeline)?.browse(fromSeq, signal)
  }

  status(): RelayStatus {
    const pipelines = this.#supervisor.status()
    const notReady = Object.entries(pipelines).filter(([, { ready }]) => !ready)
    const reasons = this.#reasons(notReady)
    // Its first line: this is what /readyz tells other machines. The mistakes themselves are for /status.
    if (this.#reloadError !== undefined)
      reasons.push(`the last reload was refused, in part or as a whole: ${this.#reloadError.replace(/\n.*/s, '')}`)
    return {
      version,
      pid: process.pid,
      state: this.#state,
      startedAtMs: this.#startedAtMs,
      safeToTerminate: this.#state === 'drained' || this.#state === 'stopped',
      ready: this.running && notReady.length === 0 && this.#missing.names.length === 0,
      reasons,
      configFile: this.#file,
      ...(this.#reloadError === undefined ? {} : { reloadError: this.#reloadError }),
      pipelines,
    }
  }

  /** Of the whole relay, the worst first. */
  #reasons(notReady: readonly [string, PipelineStatus][]): string[] {
    // That its pipelines do not run goes without saying.
    if (this.#state === 'drained') return [`the relay is drained and safe to terminate: ${this.leftInWords}`]
    const reasons = notReady.map(([name, pipeline]) => `pipeline ${name}: ${pipeline.reasons[0] ?? 'not ready'}`)
    reasons.push(...this.#missing.reasons)
    return this.running ? reasons : [`the relay is ${this.#state}`, ...reasons]
  }
}

/** A pipeline of a new configuration that could not start, in words. */
export function describeFailed({ name, error, running }: Changes['failed'][number]): string {
  return `pipeline ${name} ${running ? 'keeps its old form' : 'does not run'}: ${error.message}`
}

/** Half of the time for senders, so that what was read from them is stored however long they take. */
function stopSignals(ms: number): StopSignals {
  return { leaving: AbortSignal.timeout(Math.ceil(ms / 2)), deadline: AbortSignal.timeout(ms) }
}
