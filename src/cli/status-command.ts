import { readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import type { Command, CommandContext } from './command.ts'
import { renderStatus } from './render-status.ts'

export function statusCommand({ terminal, relay }: CommandContext): Command<{ json: boolean }> {
  return {
    command: 'status',
    describe: 'Show what a running relay receives, holds and delivers',
    builder: (yargs) => yargs.option('json', { type: 'boolean', default: false, describe: 'Print JSON, as /status does' }),
    handler: async ({ config, json }) => {
      const { dataDir } = await readOutline(await resolveConfigFile(config))
      const status = await relay.getStatus(dataDir)
      await terminal.out(json ? `${JSON.stringify(status, null, 2)}\n` : renderStatus(status, Date.now()))
    },
  }
}
