import { RelayError } from '../core/errors.ts'
import { builtinConfig, builtinName } from './builtin.ts'
import { formatProblems } from './problems.ts'
import { readConfigFile } from './read-config-file.ts'
import { configSchema } from './schema.ts'
import { child } from './schema-walk.ts'
import { readYaml } from './yaml-document.ts'

/** As much of a configuration as commands need that look into a relay. */
export interface ConfigOutline {
  readonly dataDir: string
  readonly pipelines: readonly string[]
}

/**
 * Reads `data_dir` and the names of the pipelines and nothing else: `logrelay status` has to work while the file is being
 * edited and has mistakes, and for users who may not read the keys it names. Throws CONFIG_NOT_FOUND, or CONFIG_INVALID
 * when the file is no YAML.
 */
export async function readOutline(file: string | undefined): Promise<ConfigOutline> {
  const name = file ?? builtinName
  const content = file === undefined ? { text: builtinConfig } : await readConfigFile(file)
  if (!('text' in content)) throw new RelayError('CONFIG_INVALID', `${name} ${content.message}`)
  const { value, errors } = readYaml(content.text)
  if (errors.length > 0) {
    const problems = errors.map((error) => ({ severity: 'error' as const, file: name, path: '', ...error }))
    throw new RelayError('CONFIG_INVALID', `the configuration cannot be read\n${formatProblems(problems)}`)
  }
  const dataDir = configSchema.shape.data_dir.safeParse(child(value, 'data_dir'))
  if (!dataDir.success) throw new RelayError('CONFIG_INVALID', `${name}: data_dir must be text`)
  const pipelines = child(value, 'pipelines')
  return { dataDir: dataDir.data, pipelines: typeof pipelines === 'object' && pipelines !== null ? Object.keys(pipelines) : [] }
}
