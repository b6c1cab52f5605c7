import yargs, { type Argv } from 'yargs'
import { benchSelfCommand } from './bench-self-command.ts'
import { checkCommand } from './check-command.ts'
import { type CommandContext, exitStatus, type GlobalOptions, UsageError } from './command.ts'
import { answerCompletion, completionCommand } from './completion-command.ts'
import { completionRequest } from './completion-script.ts'
import { type CommandNode, commandTree } from './completion-tree.ts'
import { deadletterCommand } from './deadletter-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { drainCommand } from './drain-command.ts'
import { elasticsearchCommand } from './elasticsearch-command.ts'
import { lbCommand } from './lb-command.ts'
import { parseCommand } from './parse-command.ts'
import { planCommand } from './plan-command.ts'
import { queueCommand } from './queue-command.ts'
import type { RelayApi } from './relay-api.ts'
import { exitStatusOf, renderError } from './render-error.ts'
import { startCommand } from './start-command.ts'
import { statusCommand } from './status-command.ts'
import type { Terminal } from './terminal.ts'
import { typesCommand } from './types-command.ts'
import { unitCommand } from './unit-command.ts'
import { versionCommand, versionText } from './version-command.ts'

/** Runs one command line (without the program's name) and resolves with the exit status: 0 ok, 1 failure, 2 usage or configuration. */
export async function runCli(args: readonly string[], outside: { terminal: Terminal; relay: RelayApi }): Promise<number> {
  let status: number = exitStatus.ok
  const { terminal } = outside
  const exit = (wanted: number) => {
    status = wanted
  }
  let printed = ''
  try {
    if (args[0] === completionRequest) return await answerCompletion(describeCli({ ...outside, exit }), args.slice(1), terminal)
    // With a callback yargs hands over help and version texts instead of printing them.
    await commandLine({ ...outside, exit }).parseAsync(args, {}, (_error, _argv, output) => {
      printed += output
    })
    if (printed !== '') await terminal.out(`${printed}\n`)
  } catch (error) {
    terminal.err(renderError(error, args.includes('--verbose')))
    status = exitStatusOf(error)
  }
  return status
}

/** Every command with its options, as completion and the manual page show them. */
export function describeCli(context: CommandContext): CommandNode {
  return commandTree('logrelay', (cli) => commandLine(context, cli))
}

function commandLine(context: CommandContext, cli: Argv = yargs()) {
  return cli
    .scriptName('logrelay')
    .locale('en')
    .usage(
      'logrelay COMMAND [options]\n\nA durable syslog relay: one port per device type, a queue on disk per pipeline, nothing lost in silence.',
    )
    .option('config', {
      type: 'string',
      requiresArg: true,
      describe: 'Configuration file. Default: /etc/logrelay/logrelay.yaml, else a built-in one',
    })
    .option('verbose', { type: 'boolean', default: false, describe: 'Show where an error comes from' })
    .command<GlobalOptions>(startCommand(context))
    .command(checkCommand(context))
    .command(statusCommand(context))
    .command(queueCommand(context))
    .command(deadletterCommand(context))
    .command(drainCommand(context))
    .command(parseCommand(context))
    .command(lbCommand(context))
    .command(planCommand(context))
    .command(elasticsearchCommand(context))
    .command(doctorCommand(context))
    .command(benchSelfCommand(context))
    .command(unitCommand(context))
    .command(typesCommand(context))
    .command(completionCommand(context))
    .command(versionCommand(context))
    .demandCommand(1, 1, 'Name a command.', 'One command at a time.')
    .strict()
    .recommendCommands()
    .help()
    .alias('help', 'h')
    .version(versionText())
    .epilogue('Exit status: 0 ok, 1 failure, 2 wrong usage or configuration.\nDocumentation: docs/configuration.md, docs/errors.md')
    .wrap(100)
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .exitProcess(false)
    .fail((message, error) => {
      // A text alone, or an error of yargs' own: wrong usage. Anything else is what a command threw.
      throw error === undefined || error === null || error.name === 'YError' ? wrongUsage(message ?? error.message) : error
    })
}

function wrongUsage(message: string): UsageError {
  const meant = /^Did you mean (\S+)\?$/.exec(message)?.[1]
  return meant === undefined
    ? new UsageError(message)
    : new UsageError('unknown command', `logrelay ${meant} may be what you meant; logrelay --help lists all`)
}
