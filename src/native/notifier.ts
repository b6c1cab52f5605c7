import type { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { runSystemdNotify } from './systemd-notify.ts'
import { bindSendDatagram, type SendDatagram } from './unix-datagram.ts'

export interface NotifierOptions {
  readonly log: Logger
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Default: the process' own. */
  readonly env?: NodeJS.ProcessEnv
  /** Default: through the C library, where it can be called. Undefined leaves the systemd-notify command alone. */
  readonly sendDatagram?: SendDatagram | undefined
}

/**
 * Tells systemd how the relay is, as sd_notify(3) does. Without NOTIFY_SOCKET every call does nothing. A message that
 * cannot be sent directly goes through the systemd-notify command, in order; one that cannot be sent at all is logged.
 */
export class Notifier {
  readonly #log: Logger
  readonly #env: NodeJS.ProcessEnv
  readonly #socket: string | undefined
  readonly #send: SendDatagram | undefined
  #byCommand: Promise<void> | undefined
  #watchdog: NodeJS.Timeout | undefined
  #failing = false

  constructor(options: NotifierOptions) {
    this.#log = options.log
    this.#env = options.env ?? process.env
    this.#socket = this.#env.NOTIFY_SOCKET || undefined
    this.#send = this.#socket === undefined || 'sendDatagram' in options ? options.sendDatagram : bindSendDatagram()
  }

  /** Whether anybody listens. */
  get active(): boolean {
    return this.#socket !== undefined
  }

  /** How often the watchdog wants to hear from us: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises. */
  get watchdogIntervalMs(): number | undefined {
    const { WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid = '' } = this.#env
    const forUs = pid === '' || Number(pid) === process.pid
    return this.active && forUs && /^[1-9]\d*$/.test(usec) ? Math.max(1, Math.floor(Number(usec) / 2000)) : undefined
  }

  /** All is up; also said at the end of a reload. */
  ready(status: string): Promise<void> {
    return this.#notify('READY=1', `STATUS=${oneLine(status)}`)
  }

  /** What `systemctl status` shows. */
  status(status: string): Promise<void> {
    return this.#notify(`STATUS=${oneLine(status)}`)
  }

  /** Type=notify-reload wants the time with it, so that it can tell an old message from a new one. */
  reloading(): Promise<void> {
    // CLOCK_MONOTONIC, which is the clock that hrtime reads on Linux.
    return this.#notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  /** `longestMs`: the stop may take so long, whatever TimeoutStopSec says. */
  stopping(status: string, longestMs: number): Promise<void> {
    return this.#notify('STOPPING=1', `EXTEND_TIMEOUT_USEC=${longestMs * 1000}`, `STATUS=${oneLine(status)}`)
  }

  /**
   * Pings systemd's watchdog, where there is one, as long as `healthy` answers true: once it does not, or the event loop
   * hangs, systemd ends the relay and starts it again.
   */
  startWatchdog(healthy: () => boolean): void {
    const intervalMs = this.watchdogIntervalMs
    if (intervalMs === undefined) return
    this.stopWatchdog()
    let well = true
    const ping = () => {
      const now = isHealthy(healthy)
      if (now !== true && well) this.#log.error({ intervalMs, ...now }, 'the relay is not healthy: the watchdog is no longer fed')
      well = now === true
      // A command that is still under way says as much as another one would.
      if (well && this.#byCommand === undefined) void this.#notify('WATCHDOG=1')
    }
    ping()
    this.#watchdog = setInterval(ping, intervalMs).unref()
  }

  stopWatchdog(): void {
    clearInterval(this.#watchdog)
    this.#watchdog = undefined
  }

  async #notify(...lines: string[]): Promise<void> {
    if (this.#socket === undefined) return
    // While a message before this one is still on its way through the command, this one queues behind it.
    if (this.#byCommand === undefined && this.#send !== undefined) {
      const error = this.#send(this.#socket, Buffer.from(lines.join('\n')))
      if (error === undefined) return this.#report(undefined)
      this.#log.debug({ error }, 'no datagram to systemd, trying the systemd-notify command')
    }
    const mine: Promise<void> = (this.#byCommand ?? Promise.resolve())
      .then(() => runSystemdNotify(lines, this.#env))
      .then((failure) => this.#report(failure))
      .finally(() => {
        if (this.#byCommand === mine) this.#byCommand = undefined
      })
    this.#byCommand = mine
    await mine
  }

  /** Logged when it begins, not at every ping. */
  #report(error: RelayError | undefined): void {
    if (error !== undefined && !this.#failing) this.#log.warn({ error }, 'systemd cannot be notified')
    this.#failing = error !== undefined
  }
}

/** True, or what to say with it. A check that fails to answer is no sign of health. */
function isHealthy(healthy: () => boolean): true | { error?: unknown } {
  try {
    return healthy() || {}
  } catch (error) {
    return { error }
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, '; ')
}
