import { access, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { maxSecretBytes, secretText } from '../core/secret-text.ts'
import { contentOf } from './file-content.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config, SinkConfig, SourceConfig } from './schema.ts'
import type { SecretConfig } from './secret-schema.ts'

/**
 * Looks whether every secret is there and is one, as its reader will (secrets/read-secret.ts). A relative file is one of
 * systemd's credentials where there is one of that name (systemd.exec(5), CREDENTIALS_DIRECTORY), else it begins at the working directory.
 * `beside`: see `ReadOptions`.
 */
export async function checkSecretFiles(config: Config, report: Report, env = process.env, beside = false): Promise<void> {
  const look = { env, beside }
  for (const [name, sink] of Object.entries(config.sinks)) {
    for (const [path, secret] of secretsOfSink(sink)) await check(secret, ['sinks', name, ...path], report, look)
  }
  for (const [name, { source }] of Object.entries(config.pipelines)) {
    for (const [path, secret] of secretsOfSource(source)) await check(secret, ['pipelines', name, 'source', ...path], report, look)
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

interface Look {
  readonly env: NodeJS.ProcessEnv
  readonly beside: boolean
}

async function check(secret: SecretConfig | undefined, path: ConfigPath, report: Report, { env, beside }: Look): Promise<void> {
  if (secret?.value !== undefined) checkText(secret.value, 'the secret', path, report)
  if (secret?.env !== undefined) checkVariable(secret.env, path, report, env)
  if (secret?.file === undefined) return
  const place = await placeOf(secret.file, env)
  // A relative one may be a credential, in the service; their names have no slash.
  const look = isAbsolute(place) || secret.file.includes('/') ? { beside } : { beside, credential: true }
  await checkFile(place, path, report, look)
}

function checkVariable(name: string, path: ConfigPath, report: Report, env: NodeJS.ProcessEnv): void {
  const text = env[name] ?? ''
  if (text === '') {
    const hint = 'set it where the relay is started (Environment= or EnvironmentFile= of the service), or write "{ file: /path }"'
    report('warning', path, `the environment variable ${name} is not set here`, hint)
  } else {
    checkText(text, `the environment variable ${name}`, path, report)
  }
}

async function checkFile(file: string, path: ConfigPath, report: Report, look: Parameters<typeof contentOf>[3]): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  const hint = 'name a file that holds the secret alone'
  // Reading a named pipe would wait for its writer.
  if (found?.isFile() === false) return report('error', path, `${file} is not a file`, hint)
  if (found !== undefined && found.size > maxSecretBytes)
    return report('error', path, `${file} is larger than ${maxSecretBytes} bytes`, hint)
  const content = await contentOf(file, path, report, look)
  if (content !== undefined) checkText(content.toString(), file, path, report)
}

function checkText(text: string, where: string, path: ConfigPath, report: Report): void {
  const secret = secretText(text)
  if ('wrong' in secret) report('error', path, `${where} ${secret.wrong}`, secret.hint)
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
