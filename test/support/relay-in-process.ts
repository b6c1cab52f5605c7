import type { Test } from 'tap'
import { Relay } from '../../src/app/relay.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import { createLogger, type RelayLogger } from '../../src/telemetry/create-logger.ts'
import type { RelayConfig } from './relay-config.ts'
import type { LogRecord } from './relay-process.ts'

/** A configuration as it comes out of the loader, the admin server on a port from the system. */
export function parsedConfig(dataDir: string, config: RelayConfig): Config {
  return configSchema.parse({ data_dir: dataDir, admin: { listen: '127.0.0.1:0' }, ...config })
}

export function loadedConfig(config: Config): LoadedConfig {
  return { ok: true, config, file: 'relay.yaml', builtin: false, warnings: [] }
}

/** The relay's own logger, its lines kept. */
export function keptLog(): { logger: RelayLogger; lines: LogRecord[] } {
  const lines: LogRecord[] = []
  return { lines, logger: createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(JSON.parse(line)) } }) }
}

/** The whole relay in this process, started and stopped at the end of the test. */
export async function startRelay(t: Test, config: Config) {
  const { logger, lines } = keptLog()
  const relay = new Relay({ loaded: loadedConfig(config), logger, onDrain: () => {} })
  t.teardown(() => relay.stop(AbortSignal.abort()))
  await relay.start()
  return { relay, logger, lines }
}
