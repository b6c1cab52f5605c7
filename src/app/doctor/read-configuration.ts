import { builtinName } from '../../config/builtin.ts'
import { parseConfig, readConfig } from '../../config/load.ts'
import { readOutline } from '../../config/outline.ts'
import { countProblems, type Problem } from '../../config/problems.ts'
import { readConfigFile } from '../../config/read-config-file.ts'
import { resolveConfigFile } from '../../config/resolve-config-file.ts'
import type { Config } from '../../config/schema.ts'
import { RelayError } from '../../core/errors.ts'
import { type Finding, findingsOf } from './finding.ts'
import { ownCommand } from './own-command.ts'

const { ok, warning, problem, unknown } = findingsOf('configuration')
const maxShown = 50

export interface ReadConfiguration {
  /** Undefined for the built-in one. */
  readonly file: string | undefined
  /** Undefined when it cannot be used, or not by this user. */
  readonly config: Config | undefined
  /** Known even where little of the configuration is right. */
  readonly dataDir: string | undefined
  readonly findings: readonly Finding[]
}

/** Reads the configuration that a relay would start with. What keeps it from being used is findings. `systemFile` is for tests. */
export async function readConfiguration(option: string | undefined, uid: number, systemFile?: string): Promise<ReadConfiguration> {
  let file = option
  try {
    file = await resolveConfigFile(option, systemFile)
    return await readAndCheck(file, uid)
  } catch (error) {
    const { message, hint } = RelayError.from(error)
    const findings = [problem(file ?? 'file', hint === undefined ? message : `${message}: ${hint}`)]
    return { file, config: undefined, dataDir: undefined, findings }
  }
}

async function readAndCheck(file: string | undefined, uid: number): Promise<ReadConfiguration> {
  const result = await readConfig(file, { beside: true })
  const name = file ?? builtinName
  if (result.ok) {
    const told = result.warnings.filter(concernsTheHost)
    const { pipelines, sinks, data_dir } = result.config
    const what = `${counted(Object.keys(pipelines).length, 'pipeline')}, ${counted(Object.keys(sinks).length, 'sink')}`
    const builtin = file === undefined ? '; there is no /etc/logrelay/logrelay.yaml, and this one is for trying out' : ''
    const first = ok(name, `can be used: ${what}${builtin}`)
    return { file, config: result.config, dataDir: data_dir, findings: [first, ...told.map(findingOf)] }
  }
  const problems = result.problems.filter(concernsTheHost)
  const errors = problems.filter(({ severity }) => severity === 'error')
  const dataDir = await readOutline(file).then(
    (outline) => outline.dataDir,
    () => undefined,
  )
  if (uid !== 0 && errors.every(isDenied)) {
    // Keys are for the relay's user alone: what the text itself says can still be looked at.
    return {
      file,
      config: await configOfText(file),
      dataDir,
      findings: errors.map((error) => unknown(place(error), `${words(error)}; run as root`)),
    }
  }
  const shown = problems.slice(0, maxShown).map(findingOf)
  const total = `${countProblems(problems)}: the relay does not start with it, and one that runs refuses to load it`
  return { file, config: undefined, dataDir, findings: [problem(name, total, ownCommand('check', file)), ...shown] }
}

function findingOf(found: Problem): Finding {
  return (found.severity === 'error' ? problem : warning)(place(found), words(found))
}

/** Which ports need a privilege is looked at with the service's own: this user's do not matter. */
function concernsTheHost({ message }: Problem): boolean {
  return !/ needs a privilege /.test(message)
}

function isDenied({ message }: Problem): boolean {
  return message.endsWith('cannot be read (EACCES)')
}

async function configOfText(file: string | undefined): Promise<Config | undefined> {
  const content = file === undefined ? undefined : await readConfigFile(file)
  if (content === undefined || !('text' in content)) return undefined
  const parsed = parseConfig(content.text, file as string)
  return parsed.ok ? parsed.config : undefined
}

/** As compilers write it, so that editors can jump to it. */
function place({ file, line, column }: Problem): string {
  return `${file}:${line}:${column}`
}

function words({ path, message, hint }: Problem): string {
  const said = path === '' ? message : `${path}: ${message}`
  return hint === undefined ? said : `${said}; ${hint}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
