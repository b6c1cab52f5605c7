import { builtinName } from '../config/builtin.ts'
import { readConfig } from '../config/load.ts'
import { countProblems, formatProblems } from '../config/problems.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { type Command, type CommandContext, exitStatus } from './command.ts'

export function checkCommand({ terminal, exit }: CommandContext): Command<object> {
  return {
    command: 'check',
    describe: 'Say what is wrong in a configuration, where, and what to write instead',
    builder: (yargs) => yargs.example('logrelay check --config relay.yaml', 'exit status 2 when it has errors'),
    handler: async ({ config }) => {
      const file = await resolveConfigFile(config)
      const result = await readConfig(file)
      const problems = result.ok ? result.warnings : result.problems
      const list = problems.length === 0 ? '' : `${formatProblems(problems, 1000)}\n`
      await terminal.out(`${list}${file ?? builtinName}: ${countProblems(problems)}\n`)
      if (!result.ok) exit(exitStatus.usage)
    },
  }
}
