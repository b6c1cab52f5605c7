import { RelayError } from '../core/errors.ts'
import { builtinConfig, builtinName } from './builtin.ts'
import { checkConfig, type Surroundings } from './checks.ts'
import { explainIssue } from './explain-issue.ts'
import { firstOwnPort } from './low-ports.ts'
import { countProblems, formatPath, formatProblems, type Problem, type Report } from './problems.ts'
import { readConfigFile } from './read-config-file.ts'
import { salvage } from './salvage.ts'
import { type Config, configSchema } from './schema.ts'
import { checkSecretFiles } from './secret-files.ts'
import { checkSinkFiles } from './sink-files.ts'
import { checkTlsFiles } from './tls-files.ts'
import { readYaml, type YamlDocument } from './yaml-document.ts'

/** A configuration without errors. `warnings` are for people: each is worth a line in the log. */
export interface LoadedConfig {
  readonly ok: true
  /** The file's name, or `(built-in configuration)`. */
  readonly file: string
  readonly builtin: boolean
  readonly config: Config
  readonly warnings: readonly Problem[]
}

/** What keeps a configuration from being used: at least one error, and the warnings beside it. In the order of the file. */
export interface ConfigProblems {
  readonly ok: false
  readonly file: string
  readonly problems: readonly Problem[]
}

export interface ReadOptions {
  /** A command looks, and not the relay itself: credentials of systemd, which only the service sees, may be missing here. */
  readonly beside?: boolean
}

/** Nobody reads further, and to find the place of each takes time. */
const maxMistakes = 200

/** Reads and checks the file, or the built-in configuration without one. Throws CONFIG_NOT_FOUND, or CONFIG_INVALID with every mistake in its message. */
export async function loadConfig(file: string | undefined, options: ReadOptions = {}): Promise<LoadedConfig> {
  const result = await readConfig(file, options)
  if (result.ok) return result
  const errors = result.problems.filter(({ severity }) => severity === 'error')
  throw new RelayError('CONFIG_INVALID', `${countProblems(errors)} in the configuration\n${formatProblems(errors)}`, {
    hint: `correct them; \`logrelay check --config ${result.file}\` shows this again`,
  })
}

/** The same with mistakes as values. Throws CONFIG_NOT_FOUND alone. */
export async function readConfig(file: string | undefined, { beside = false }: ReadOptions = {}): Promise<LoadedConfig | ConfigProblems> {
  if (file === undefined) return { ...asLoaded(parseConfig(builtinConfig, builtinName)), builtin: true }
  const content = await readConfigFile(file)
  if (!('text' in content)) {
    const { line, ...rest } = content
    return { ok: false, file, problems: [{ severity: 'error', file, line, column: 1, path: '', ...rest }] }
  }
  const document = readYaml(content.text)
  const parsed = parseDocument(document, content.text, file, { firstPort: await firstOwnPort() })
  if (parsed.understood === undefined) return parsed.result
  const problems: Problem[] = []
  const report = reporter(document, file, problems)
  await checkTlsFiles(parsed.understood, report, Date.now(), beside)
  await checkSecretFiles(parsed.understood, report, process.env, beside)
  await checkSinkFiles(parsed.understood, report)
  return merge(parsed.result, problems)
}

/** Checks a text. It looks at no other file: `readConfig` adds what is wrong with those that the configuration names. */
export function parseConfig(text: string, fileName: string, surroundings: Surroundings = {}): LoadedConfig | ConfigProblems {
  return parseDocument(readYaml(text), text, fileName, surroundings).result
}

interface Parsed {
  readonly result: LoadedConfig | ConfigProblems
  /** As much of the configuration as can be understood. */
  readonly understood: Config | undefined
}

function parseDocument(document: YamlDocument, text: string, file: string, surroundings: Surroundings): Parsed {
  const problems: Problem[] = []
  const report = reporter(document, file, problems)
  if (document.errors.length > 0) {
    problems.push(...document.errors.slice(0, maxMistakes).map((error) => ({ severity: 'error' as const, file, path: '', ...error })))
    problems.push(...hidden(document.errors.length, problems))
    return { result: { ok: false, file, problems }, understood: undefined }
  }
  if (document.value === null || document.value === undefined) {
    // What a package installs is an example in comments: nothing may listen before somebody has decided what.
    const [message, hint] = /^\s*#/m.test(text)
      ? ['holds no configuration yet: it is all comments', 'take the # from the lines of "sinks:" and "pipelines:" that you want']
      : ['is empty', 'it needs at least "sinks:" and "pipelines:"; docs/configuration.md has an example']
    report('error', [], message, hint)
    return { result: { ok: false, file, problems }, understood: undefined }
  }
  const result = configSchema.safeParse(document.value)
  if (result.success) {
    checkConfig(result.data, report, surroundings)
    return { result: finish(result.data, file, problems), understood: result.data }
  }
  const explained = result.error.issues.flatMap((issue) => explainIssue(issue, configSchema, document.value))
  for (const { path, at, message, hint } of explained.slice(0, maxMistakes)) {
    problems.push(problem(document, file, 'error', path, at, message, hint))
  }
  problems.push(...hidden(explained.length, problems))
  // What is right is checked as well, so that one run shows every mistake. Defaults that stand in for a wrong value are not the writer's.
  const understood = salvage(document.value)
  const wrong = new Set(problems.map(({ path }) => path))
  const reportOthers: Report = (severity, path, message, hint) => {
    if (!wrong.has(formatPath(path))) report(severity, path, message, hint)
  }
  if (understood !== undefined) checkConfig(understood, reportOthers, { ...surroundings, whole: document.value })
  return { result: { ok: false, file, problems: sorted(problems) }, understood }
}

/** The line that stands for the mistakes beyond the limit comes after the last one shown. */
function hidden(mistakes: number, shown: readonly Problem[]): Problem[] {
  const last = shown.at(-1)
  if (mistakes <= maxMistakes || last === undefined) return []
  return [{ ...last, path: '', message: `${mistakes - maxMistakes} more mistakes are not shown`, hint: 'is this a configuration file?' }]
}

function finish(config: Config, file: string, problems: readonly Problem[]): LoadedConfig | ConfigProblems {
  const inOrder = sorted(problems)
  if (inOrder.some(({ severity }) => severity === 'error')) return { ok: false, file, problems: inOrder }
  return { ok: true, file, builtin: false, config, warnings: inOrder }
}

function merge(result: LoadedConfig | ConfigProblems, more: readonly Problem[]): LoadedConfig | ConfigProblems {
  if (result.ok) return finish(result.config, result.file, [...result.warnings, ...more])
  return { ...result, problems: sorted([...result.problems, ...more]) }
}

function reporter(document: YamlDocument, file: string, problems: Problem[]): Report {
  return (severity, path, message, hint) => {
    problems.push(problem(document, file, severity, path, 'value', message, hint))
  }
}

function problem(
  document: YamlDocument,
  file: string,
  severity: Problem['severity'],
  path: readonly (string | number)[],
  at: 'key' | 'value',
  message: string,
  hint: string | undefined,
): Problem {
  const { line, column } = document.position(path, at)
  return { severity, file, line, column, path: formatPath(path), message, ...(hint === undefined ? {} : { hint }) }
}

function sorted(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function asLoaded(result: LoadedConfig | ConfigProblems): LoadedConfig {
  if (result.ok) return result
  throw new RelayError('INTERNAL', `the built-in configuration is wrong\n${formatProblems(result.problems)}`)
}
