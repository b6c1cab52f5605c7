import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Notifier } from '../native/notifier.ts'
import { describeFailed, type Relay } from './relay.ts'

interface ReloaderOptions {
  readonly relay: Relay
  readonly configFile: string | undefined
  readonly logger: Logger
  readonly notifier: Notifier
}

/** Carries out SIGHUP: one reload at a time, and what is wrong with the new configuration is said, never thrown. */
export class Reloader {
  readonly #options: ReloaderOptions
  #work: Promise<void> = Promise.resolve()
  /** Asked for and not begun. */
  #next: Promise<void> | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
  }

  /** Resolves when the configuration as it is now on disk was taken over or refused. */
  reload(): Promise<void> {
    // One that has not begun will read what is on disk then: however many ask meanwhile, it is the answer to all.
    this.#next ??= this.#work.then(() => {
      this.#next = undefined
      return this.#reload()
    })
    this.#work = this.#next
    return this.#next
  }

  async #reload(): Promise<void> {
    const { relay, configFile, logger, notifier } = this.#options
    if (!relay.running) return logger.warn({}, 'asked to reload while stopping: ignored')
    await notifier.reloading()
    try {
      const loaded = await loadConfig(await resolveConfigFile(configFile))
      for (const warning of loaded.warnings) logger.warn({}, formatProblem(warning))
      const { failed, ...changed } = await relay.reload(loaded)
      for (const one of failed) logger.error({ pipeline: one.name, error: one.error }, describeFailed(one))
      const fields = { configFile: loaded.file, ...changed, failed: failed.map(({ name }) => name) }
      if (failed.length === 0) logger.info(fields, 'configuration reloaded')
      else logger.warn(fields, 'configuration reloaded, without what could not start')
    } catch (thrown) {
      const error = RelayError.from(thrown)
      relay.refused(error)
      logger.error({ error }, `the new configuration is refused, the old one stays in force: ${error.message}`)
    }
    // A drain may have begun meanwhile, and has its own word for systemd.
    if (relay.running) await notifier.ready('running')
  }
}
