import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import { type Command, type CommandContext, exitStatus, UsageError } from './command.ts'
import { renderMeasurement } from './render-measurement.ts'

interface BenchSelfOptions {
  dir?: string
  seconds: number
  out?: string
  json: boolean
}

/** Longest load: more says nothing more, and writes a lot. */
const maxSeconds = 300
/** What comes before the load: fsync, start, and what is stored to see its size. */
const otherSeconds = 5

export function benchSelfCommand({ terminal, relay, exit }: CommandContext): Command<BenchSelfOptions> {
  return {
    command: 'bench-self',
    describe: 'Measure what a relay does on this machine and this disk, for logrelay plan',
    builder: (yargs) =>
      yargs
        .option('dir', { type: 'string', requiresArg: true, describe: 'Where its files may be for a while. Default: data_dir, else here' })
        .option('seconds', { type: 'number', requiresArg: true, default: 8, describe: 'Length of the load' })
        .option('out', { type: 'string', requiresArg: true, describe: 'Write the figures to this file, for logrelay plan --measured' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
        .example('logrelay bench-self --out node.json', 'then: logrelay plan --rate 50000 --measured node.json')
        .check(checkOptions),
    handler: async ({ config, dir, seconds, out, json }) => {
      const { dataDir } = await readOutline(await resolveConfigFile(config))
      // Before the measurement: nobody wants to wait for an error.
      if (out !== undefined) await orUnwritable(out, access(dirname(out), constants.W_OK))
      const running = await relay.getStatus(dataDir).catch(() => undefined)
      if (running !== undefined) terminal.err('a relay is running here: each takes from the other, and the figures will be too low\n')
      const onStarted = (directory: string) => terminal.err(`measuring in ${directory} for about ${seconds + otherSeconds} s\n`)
      const measurement = await relay.benchSelf({ dir, dataDir, seconds, onStarted })
      if (measurement === undefined) {
        terminal.err('interrupted: nothing was measured\n')
        return exit(exitStatus.failure)
      }
      const text = `${JSON.stringify(measurement, null, 2)}\n`
      if (out !== undefined) await orUnwritable(out, writeFile(out, text))
      await terminal.out(json ? text : renderMeasurement(measurement))
    },
  }
}

function checkOptions({ seconds }: BenchSelfOptions): true {
  if (!(seconds > 0 && seconds <= maxSeconds)) throw new UsageError(`--seconds must be a number above 0, at most ${maxSeconds}`)
  return true
}

async function orUnwritable(file: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    throw new RelayError('FILE_UNWRITABLE', `--out ${file} cannot be written: ${(cause as Error).message}`, { cause })
  }
}
