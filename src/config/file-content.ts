import { readFile } from 'node:fs/promises'
import type { ConfigPath, Report } from './problems.ts'

const hints: Record<string, string> = {
  EACCES: "let the relay's user read it",
  EISDIR: 'name a file',
  ENOENT: 'there is no such file; a relative path begins at the working directory',
}

/** What is in a file that the configuration names; undefined where it names none, and, reported, where it cannot be read. */
export async function contentOf(file: string | undefined, path: ConfigPath, report: Report): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    report('error', path, `${file} cannot be read (${code ?? String(error)})`, hints[code ?? ''])
    return undefined
  }
}
