import { readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import type { Command, CommandContext } from './command.ts'

export function drainCommand({ terminal, relay }: CommandContext): Command<object> {
  return {
    command: 'drain',
    describe: 'Let a running relay take no more messages, deliver what it can within stop_timeout, and end',
    handler: async ({ config }) => {
      const { dataDir } = await readOutline(await resolveConfigFile(config))
      await relay.drain(dataDir)
      await terminal.out('The relay takes no more messages, delivers what it can within stop_timeout, and ends; the rest waits on disk.\n')
    },
  }
}
