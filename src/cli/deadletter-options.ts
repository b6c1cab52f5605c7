import type { Argv } from 'yargs'
import { type CommandContext, exitStatus, type GlobalOptions, UsageError } from './command.ts'
import type { LetterSelection } from './relay-api.ts'

/** What `show`, `replay` and `drop` are told. */
export interface LetterOptions {
  pipeline: string
  sink?: string
  reason?: string
  number?: number
}

export function letterOptions(yargs: Argv<GlobalOptions>): Argv<GlobalOptions & LetterOptions> {
  return yargs
    .positional('pipeline', { type: 'string', demandOption: true, describe: 'Name of a pipeline' })
    .option('sink', {
      type: 'string',
      requiresArg: true,
      describe: 'A sink, or @source: what the source could not read. Default: the only one with dead letters',
    })
    .option('reason', { type: 'string', requiresArg: true, describe: 'Only this group: its id, as `deadletter ls` shows it' })
    .option('number', { type: 'number', requiresArg: true, describe: 'Only this one: its number, as `deadletter show` shows it' })
    .check(({ reason, number }) => {
      if (reason !== undefined && !/^[0-9a-f]{8}$/i.test(reason)) {
        throw new UsageError(
          `--reason must be the id of a group, such as 1a2b3c4d: not ${JSON.stringify(reason)}`,
          '`logrelay deadletter ls` shows them',
        )
      }
      if (number !== undefined && (!Number.isSafeInteger(number) || number < 0)) {
        throw new UsageError('--number must be the number of a message: 0, 1, 2, ...')
      }
      return true
    }) as Argv<GlobalOptions & LetterOptions>
}

export function selectionOf({ reason, number }: Pick<LetterOptions, 'reason' | 'number'>): LetterSelection {
  return { ...(reason !== undefined && { group: reason.toLowerCase() }), ...(number !== undefined && { seq: number }) }
}

/** There are none. Whoever named a group or a number has mistyped it, or somebody else was faster. */
export function tellNone({ terminal, exit }: CommandContext, { pipeline, sink, reason, number }: LetterOptions): void {
  const group = reason === undefined ? '' : ` of group ${reason}`
  const one = number === undefined ? '' : ` with number ${number}`
  const of = sink === undefined ? '' : ` for sink ${sink}`
  terminal.err(`${pipeline} has no dead letters${group}${one}${of}: \`logrelay deadletter ls\` shows what there is\n`)
  if (group + one !== '') exit(exitStatus.failure)
}
