import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import type { Config } from '../config/schema.ts'
import { RelayError } from '../core/errors.ts'
import { Notifier } from '../native/notifier.ts'
import { createLogger, type RelayLogger } from '../telemetry/create-logger.ts'
import { Relay } from './relay.ts'
import { Reloader } from './reloader.ts'
import { type StartReport, startReport } from './start-report.ts'

export interface RunOptions {
  /** From --config; without it the system's file, then the built-in configuration. */
  readonly configFile?: string | undefined
  /** Everything is open: the moment for a banner. */
  readonly onStarted: (report: StartReport) => void
}

/** For what is left to close once the pipelines have stopped. */
const closingMs = 5000

/**
 * Runs a relay until SIGTERM or SIGINT, and resolves with the exit status: 0 when everything was stopped in order.
 * Rejects with a RelayError when it cannot start. A second SIGTERM or SIGINT ends the wait for what is not delivered yet.
 */
export async function runRelay({ configFile, onStarted }: RunOptions): Promise<number> {
  const loaded = await loadConfig(await resolveConfigFile(configFile))
  const logger = createLogger({ level: loaded.config.log.level })
  const stopping = new StopRequest()
  const relay = new Relay({ loaded, logger, onDrain: () => stopping.drain() })
  const notifier = new Notifier({ log: logger })
  const reloader = new Reloader({ relay, configFile, logger, notifier })
  const started = Promise.withResolvers<void>()
  // A reload asked for during the start comes after it.
  const unwatch = watchProcess(logger, stopping, () => void started.promise.then(() => reloader.reload()))
  try {
    await relay.start()
    started.resolve()
    const report = await startReport(relay, loaded)
    for (const warning of loaded.warnings) logger.warn({}, formatProblem(warning))
    for (const warning of report.warnings) logger.warn({}, warning)
    logger.info({ version: report.version, configFile: loaded.file }, 'started')
    await notifier.ready(`${report.pipelines.length} pipelines are open`)
    // That the event loop turns is what the watchdog asks; everything else has a state on /readyz.
    notifier.startWatchdog(() => true)
    onStarted(report)
    const why = await stopping.asked
    if (why === 'drain') await notifier.status('draining')
    void stopping.signalled.then(() => notifier.stopping('draining', longestStopMs(relay.config)))
    await drainRelay(relay, why, logger, stopping.now)
    if (why === 'drain') await notifier.status('drained: safe to terminate')
    // Drained by command it stays, so that whoever asked can see how far it is, and nobody starts it again.
    await stopping.signalled
    await relay.stop(AbortSignal.any([stopping.now, AbortSignal.timeout(closingMs)]))
    logger.info({}, 'stopped')
    return 0
  } catch (error) {
    await relay.stop(AbortSignal.abort())
    throw error
  } finally {
    unwatch()
    notifier.stopWatchdog()
  }
}

async function drainRelay(relay: Relay, why: string, logger: RelayLogger, now: AbortSignal): Promise<void> {
  await relay.drain(now, (text) => logger.info({ why }, `draining: ${text}`))
  logger.info({ left: relay.left }, `drained, safe to terminate: ${relay.leftInWords}`)
}

/** How long a drain, after the reload that was under way, and the stop after it may take, for systemd. */
function longestStopMs({ drain_delay: delayMs, stop_timeout: stopMs }: Config): number {
  return 2 * (delayMs + stopMs + closingMs)
}

/** The first request to drain counts; a signal also ends the process afterwards, and a second one means now. */
class StopRequest {
  readonly asked: Promise<string>
  readonly signalled: Promise<void>
  readonly #now = new AbortController()
  readonly #resolveAsked: (why: string) => void
  readonly #resolveSignalled: () => void
  #signals = 0

  constructor() {
    const asked = Promise.withResolvers<string>()
    const signalled = Promise.withResolvers<void>()
    this.asked = asked.promise
    this.signalled = signalled.promise
    this.#resolveAsked = asked.resolve
    this.#resolveSignalled = signalled.resolve
  }

  /** Aborted: nothing is waited for any more. */
  get now(): AbortSignal {
    return this.#now.signal
  }

  drain(): void {
    this.#resolveAsked('drain')
  }

  signal(name: NodeJS.Signals): void {
    this.#resolveAsked(name)
    this.#resolveSignalled()
    if (++this.#signals > 1) this.#now.abort()
  }
}

/** Signals, and the mistakes of ours that nobody caught: they are logged and the relay goes on (law 6). Answers with the way to undo it. */
function watchProcess(logger: RelayLogger, stopping: StopRequest, reload: () => void): () => void {
  const stop = (signal: NodeJS.Signals) => stopping.signal(signal)
  const survive = (thrown: unknown) => {
    const error = RelayError.from(thrown)
    logger.error({ error }, 'an error that nobody handled; the relay goes on, please report it')
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', reload)
  // A file at its size limit: the write then fails with EFBIG, which its sink or queue handles.
  process.on('SIGXFSZ', ignore)
  process.on('uncaughtException', survive)
  process.on('unhandledRejection', survive)
  return () => {
    process.off('SIGTERM', stop)
    process.off('SIGINT', stop)
    process.off('SIGHUP', reload)
    process.off('SIGXFSZ', ignore)
    process.off('uncaughtException', survive)
    process.off('unhandledRejection', survive)
  }
}

function ignore(): void {}
