import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
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

/**
 * Runs a relay until SIGTERM, SIGINT or a drain, and resolves with the exit status: 0 when everything was stopped in order.
 * Rejects with a RelayError when it cannot start. A second SIGTERM or SIGINT ends the wait for what is not delivered yet.
 */
export async function runRelay({ configFile, onStarted }: RunOptions): Promise<number> {
  const loaded = await loadConfig(await resolveConfigFile(configFile))
  const logger = createLogger({ level: loaded.config.log.level })
  const stopping = new StopRequest()
  const relay = new Relay({ loaded, logger, onDrain: () => stopping.ask('drain') })
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
    await notifier.stopping('delivering what is queued')
    await stopRelay(relay, why, logger, stopping.deadline(relay.config.stop_timeout))
    return 0
  } catch (error) {
    await relay.stop(AbortSignal.abort())
    throw error
  } finally {
    unwatch()
    notifier.stopWatchdog()
  }
}

async function stopRelay(relay: Relay, why: string, logger: RelayLogger, deadline: AbortSignal): Promise<void> {
  logger.info({ why }, 'stopping: no new messages are taken, what is queued is delivered as far as time allows')
  await relay.stop(deadline)
  const left = Object.entries(relay.status().pipelines)
    .map(([pipeline, { queue }]) => ({ pipeline, messages: queue.messages }))
    .filter(({ messages }) => messages > 0)
  const text = left.map(({ pipeline, messages }) => `${messages} of ${pipeline}`).join(', ')
  if (left.length === 0) logger.info({ left }, 'stopped: every message was delivered')
  else logger.info({ left }, `stopped: messages wait on disk for the next start: ${text}`)
}

/** The first request to stop counts; a second signal means now. */
class StopRequest {
  readonly asked: Promise<string>
  readonly #now = new AbortController()
  #resolve: (why: string) => void = () => {}
  #signals = 0

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  ask(why: string): void {
    this.#resolve(why)
    if (why !== 'drain' && ++this.#signals > 1) this.#now.abort()
  }

  deadline(timeoutMs: number): AbortSignal {
    return AbortSignal.any([this.#now.signal, AbortSignal.timeout(timeoutMs)])
  }
}

/** Signals, and the mistakes of ours that nobody caught: they are logged and the relay goes on (law 6). Answers with the way to undo it. */
function watchProcess(logger: RelayLogger, stopping: StopRequest, reload: () => void): () => void {
  const stop = (signal: NodeJS.Signals) => stopping.ask(signal)
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
