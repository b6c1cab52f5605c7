import { setTimeout as delay } from 'node:timers/promises'
import { readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import type { RelayStatus } from '../core/status.ts'
import type { Command, CommandContext } from './command.ts'

const lookEveryMs = 500
/** Looks that fail in a row: a relay that ends may leave one unanswered. */
const failuresBorne = 3

export function drainCommand({ terminal, relay }: CommandContext): Command<{ wait: boolean }> {
  return {
    command: 'drain',
    describe: 'Take a running relay out of service: not ready at once, ports closed after drain_delay, the queue delivered',
    builder: (yargs) =>
      yargs
        .option('wait', { type: 'boolean', default: false, describe: 'Come back when it is safe to terminate' })
        .example('logrelay drain --wait && systemctl stop logrelay', 'before a machine goes away'),
    handler: async ({ config, wait }) => {
      const { dataDir } = await readOutline(await resolveConfigFile(config))
      await relay.drain(dataDir)
      await terminal.out(
        'The relay is draining: /readyz is red, the ports close after drain_delay, what is queued is delivered within stop_timeout.\n',
      )
      if (wait) await terminal.out(`${await untilDrained(() => relay.getStatus(dataDir))}\n`)
      else await terminal.out('`logrelay status` says when it is safe to terminate; it stays until it is stopped.\n')
    },
  }
}

/** Resolves with what the relay says of itself then. The drain is bounded, and so is this. */
async function untilDrained(status: () => Promise<RelayStatus>): Promise<string> {
  let drained: number | undefined
  for (let failures = 0; ; ) {
    try {
      const { pid, safeToTerminate, reasons } = await status()
      drained ??= pid
      if (pid !== drained) return 'The relay has ended, and another one was started.'
      if (safeToTerminate) return reasons[0] ?? 'safe to terminate'
      failures = 0
    } catch (error) {
      const { code } = RelayError.from(error)
      if (code === 'NOT_RUNNING') return 'The relay has ended.'
      if (code !== 'CONTROL_FAILED' || ++failures > failuresBorne) throw error
    }
    await delay(lookEveryMs)
  }
}
