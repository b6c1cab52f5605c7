import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { unitDropIn } from '../planning/unit/unit-drop-in.ts'
import { type Command, type CommandContext, exitStatus, UsageError } from './command.ts'
import { unitNotes } from './render-unit-notes.ts'

interface UnitOptions {
  write: boolean
  directory: string
}

export function unitCommand({ terminal, relay, exit }: CommandContext): Command<UnitOptions> {
  return {
    command: 'unit',
    describe: "Make the systemd service fit the configuration: low ports, memory limit, open files, file sinks' directories",
    builder: (yargs) =>
      yargs
        .option('write', {
          type: 'boolean',
          default: false,
          describe: 'Write the drop-in and have systemd read it, instead of printing it',
        })
        .option('directory', {
          type: 'string',
          requiresArg: true,
          default: '/etc/systemd/system/logrelay.service.d',
          describe: 'With --write: where drop-ins of the service lie',
        })
        .example('logrelay unit', 'show the drop-in, change nothing')
        .example('sudo logrelay unit --write && sudo systemctl restart logrelay', 'after ports or limits have changed'),
    handler: async ({ config: option, write, directory }) => {
      const found = await resolveConfigFile(option)
      if (found === undefined)
        throw new UsageError('there is no /etc/logrelay/logrelay.yaml to make it from', 'name a configuration with --config FILE')
      const { config } = await loadConfig(found, { beside: true })
      const file = resolve(found)
      const text = unitDropIn(config, file)
      for (const note of unitNotes(config, file, await relay.unitSurroundings(config))) terminal.err(`logrelay: ${note}\n`)
      if (write) await writeTo(directory, text)
      else await terminal.out(text)
    },
  }

  async function writeTo(directory: string, text: string): Promise<void> {
    const { file, written, reload } = await relay.writeUnit(text, directory)
    const restart = '`systemctl restart logrelay` makes it count'
    await terminal.out(written ? `${file}: written. ${restart}.\n` : `${file}: is as it should be; nothing changed.\n`)
    if (typeof reload === 'string') return
    terminal.err(`logrelay: systemctl daemon-reload failed: ${reload.failure}\n  run it again before the restart\n`)
    exit(exitStatus.failure)
  }
}
