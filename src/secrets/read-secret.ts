import { type FileHandle, open, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { RelayError } from '../core/errors.ts'
import { maxSecretBytes, secretText } from '../core/secret-text.ts'

/** Where a secret is: exactly one of the three. */
export interface SecretLocation {
  readonly value?: string | undefined
  readonly file?: string | undefined
  readonly env?: string | undefined
}

/**
 * A password, key or token: one line of text, which is good for the header of a request. A file is read again when it has
 * changed. A relative one is a credential of systemd where there is one of that name (systemd.exec(5), CREDENTIALS_DIRECTORY), else it begins
 * at the working directory. No error holds anything of the secret.
 */
export class SecretReader {
  readonly #location: SecretLocation
  readonly #env: NodeJS.ProcessEnv
  #kept: { readonly seen: string; readonly text: string } | undefined

  constructor(location: SecretLocation, env: NodeJS.ProcessEnv = process.env) {
    this.#location = location
    this.#env = env
  }

  /** Rejects with SECRET_UNREADABLE. */
  async read(): Promise<string> {
    const { value, file, env } = this.#location
    if (file !== undefined) return await this.#readFile(file)
    if (env === undefined) return oneLine(value ?? '', 'the secret in the configuration')
    const text = this.#env[env] ?? ''
    if (text === '') {
      const hint = 'Set it where the relay is started: Environment= or EnvironmentFile= of the service; or name a file in its place.'
      throw new RelayError('SECRET_UNREADABLE', `the environment variable ${env} is not set, or empty`, { hint })
    }
    return oneLine(text, `the environment variable ${env}`)
  }

  async #readFile(file: string): Promise<string> {
    const { CREDENTIALS_DIRECTORY: credentials } = this.#env
    if (credentials !== undefined && !isAbsolute(file)) {
      const credential = join(credentials, file)
      try {
        return await this.#readPath(credential)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw unreadable(credential, error)
      }
    }
    try {
      return await this.#readPath(file)
    } catch (error) {
      throw unreadable(file, error)
    }
  }

  async #readPath(path: string): Promise<string> {
    const found = await stat(path, { bigint: true })
    const seen = `${path} ${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
    if (this.#kept?.seen === seen) return this.#kept.text
    // Opening a named pipe would wait for its writer.
    if (!found.isFile())
      throw new RelayError('SECRET_UNREADABLE', `${path} is not a file`, { hint: 'Name a file that holds the secret alone.' })
    const handle = await open(path)
    try {
      const text = oneLine(await readBounded(handle, path), path)
      this.#kept = { seen, text }
      return text
    } finally {
      await handle.close()
    }
  }
}

async function readBounded(handle: FileHandle, path: string): Promise<string> {
  const buffer = Buffer.alloc(maxSecretBytes + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
    if (bytesRead === 0) return buffer.toString('utf8', 0, length)
    length += bytesRead
  }
  throw new RelayError('SECRET_UNREADABLE', `${path} is larger than ${maxSecretBytes} bytes`, {
    hint: 'Name a file that holds the secret alone.',
  })
}

function oneLine(written: string, where: string): string {
  const secret = secretText(written)
  if ('text' in secret) return secret.text
  throw new RelayError('SECRET_UNREADABLE', `${where} ${secret.wrong}`, { hint: secret.hint })
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EACCES: "Let the relay's user read it.",
  EPERM: "Let the relay's user read it.",
}

function unreadable(path: string, error: unknown): RelayError {
  if (error instanceof RelayError) return error
  const code = codeOf(error)
  const words = code ?? (error instanceof Error ? error.message : String(error))
  return new RelayError('SECRET_UNREADABLE', `${path} cannot be read (${words})`, { cause: error, hint: hints[code ?? ''] })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof RelayError ? undefined : (error as NodeJS.ErrnoException).code
}
