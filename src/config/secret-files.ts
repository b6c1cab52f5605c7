import { access } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { contentOf } from './file-content.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config, SinkConfig, SourceConfig } from './schema.ts'
import type { SecretConfig } from './secret-schema.ts'

/**
 * Looks whether every secret is there: its file can be read and is not empty, its variable is set. A relative file is one of
 * systemd's credentials where there is one of that name (systemd.exec(5), CREDENTIALS_DIRECTORY), else it begins at the working directory.
 */
export async function checkSecretFiles(config: Config, report: Report, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  for (const [name, sink] of Object.entries(config.sinks)) {
    for (const [path, secret] of secretsOfSink(sink)) await check(secret, ['sinks', name, ...path], report, env)
  }
  for (const [name, { source }] of Object.entries(config.pipelines)) {
    for (const [path, secret] of secretsOfSource(source)) await check(secret, ['pipelines', name, 'source', ...path], report, env)
  }
}

function secretsOfSink(sink: SinkConfig): (readonly [ConfigPath, SecretConfig | undefined])[] {
  if (sink.type === 'syslog' || sink.type === 'file') return []
  const headers = Object.entries(sink.headers).map(([header, secret]) => [['headers', header], secret] as const)
  const own = sink.type === 'elasticsearch' ? ([['api_key'], sink.api_key] as const) : ([['splunk', 'token'], sink.splunk?.token] as const)
  return [[['password'], sink.password], own, ...headers]
}

function secretsOfSource(source: SourceConfig): (readonly [ConfigPath, SecretConfig | undefined])[] {
  if (source.type !== 's3' || source.credentials === undefined) return []
  return Object.entries(source.credentials).map(([key, secret]) => [['credentials', key], secret] as const)
}

async function check(secret: SecretConfig | undefined, path: ConfigPath, report: Report, env: NodeJS.ProcessEnv): Promise<void> {
  if (secret?.env !== undefined && (env[secret.env] ?? '') === '') {
    const hint = 'set it where the relay is started (Environment= or EnvironmentFile= of the service), or write "{ file: /path }"'
    report('warning', path, `the environment variable ${secret.env} is not set here`, hint)
  }
  if (secret?.file === undefined) return
  const file = await placeOf(secret.file, env)
  const content = await contentOf(file, path, report)
  if (content !== undefined && content.toString().trim() === '') report('error', path, `${file} is empty`, 'write the secret into it')
}

async function placeOf(file: string, { CREDENTIALS_DIRECTORY: credentials }: NodeJS.ProcessEnv): Promise<string> {
  if (credentials === undefined || isAbsolute(file)) return file
  const credential = join(credentials, file)
  const missing = await access(credential).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
  return missing ? file : credential
}
