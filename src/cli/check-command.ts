import { builtinName } from '../config/builtin.ts'
import { type LoadedConfig, readConfig } from '../config/load.ts'
import { countProblems, formatProblems } from '../config/problems.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { type Command, type CommandContext, exitStatus } from './command.ts'

export function checkCommand({ terminal, relay, exit }: CommandContext): Command<object> {
  return {
    command: 'check',
    describe: 'Say what is wrong in a configuration, where, and what to write instead',
    builder: (yargs) => yargs.example('logrelay check --config relay.yaml', 'exit status 2 when it has errors'),
    handler: async ({ config }) => {
      const file = await resolveConfigFile(config)
      const result = await readConfig(file, { beside: true })
      const problems = result.ok ? result.warnings : result.problems
      const found = result.ok ? await bucketProblems(result) : []
      const list = problems.length === 0 ? '' : `${formatProblems(problems, 1000)}\n`
      const more = found.map(({ path, message }) => `${file}: warning: ${path}: ${message}\n`).join('')
      await terminal.out(`${list}${more}${file ?? builtinName}: ${countProblems([...problems, ...found])}\n`)
      if (!result.ok) exit(exitStatus.usage)
    },
  }

  /** What only the buckets themselves know. */
  async function bucketProblems({ config }: LoadedConfig) {
    const warnings = await relay.bucketWarnings(config)
    return warnings.map(({ pipeline, message }) => {
      return { severity: 'warning' as const, path: `pipelines.${pipeline}.source.rpo`, message }
    })
  }
}
