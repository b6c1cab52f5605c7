import { deviceTypes } from '../config/device-types.ts'
import type { Command, CommandContext } from './command.ts'
import { renderTable } from './render-table.ts'

export function typesCommand({ terminal }: CommandContext): Command<{ json: boolean }> {
  return {
    command: 'types',
    describe: 'List the device types with their default ports',
    builder: (yargs) => yargs.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
    handler: async ({ json }) => {
      const rows = deviceTypes.map(({ name, port, sends }) => ({ name, port, sends }))
      if (json) return terminal.out(`${JSON.stringify(rows, null, 2)}\n`)
      const columns = [{ title: 'TYPE' }, { title: 'PORT' }, { title: 'WHAT IT SENDS' }]
      await terminal.out(
        renderTable(
          columns,
          rows.map(({ name, port, sends }) => [name, String(port), sends]),
        ),
      )
    },
  }
}
