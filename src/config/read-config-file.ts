import { createReadStream } from 'node:fs'
import { RelayError } from '../core/errors.ts'

/** No configuration is larger; a log file given by mistake is. */
export const maxConfigBytes = 2 ** 20

/** The file's text, or what is wrong with it as a whole. Throws CONFIG_NOT_FOUND when it is not there. */
export async function readConfigFile(file: string): Promise<{ text: string } | { line: number; message: string; hint?: string }> {
  const chunks: Buffer[] = []
  try {
    // Read as a stream and not by its size: the file may be a pipe.
    for await (const chunk of createReadStream(file, { end: maxConfigBytes })) chunks.push(chunk as Buffer)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new RelayError('CONFIG_NOT_FOUND', `there is no file ${file}`, { cause, hint: 'name a configuration file with --config FILE' })
    }
    if (code === 'EISDIR') return { line: 1, message: 'is a directory', hint: 'name the file in it' }
    return { line: 1, message: `cannot be read (${code ?? String(cause)})` }
  }
  return decode(Buffer.concat(chunks))
}

function decode(bytes: Buffer): { text: string } | { line: number; message: string; hint?: string } {
  if (bytes.length > maxConfigBytes) return { line: 1, message: 'is larger than 1MiB', hint: 'is this a configuration file?' }
  const hint = 'save the file as UTF-8 text'
  const zero = bytes.indexOf(0)
  if (zero !== -1) return { line: lineAt(bytes, zero), message: 'holds a NUL byte: it is binary, or UTF-16', hint }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    const text = new TextDecoder('utf-8').decode(bytes)
    const line = text.slice(0, text.indexOf('\uFFFD')).split('\n').length
    return { line, message: 'holds bytes that are not UTF-8', hint }
  }
}

function lineAt(bytes: Buffer, offset: number): number {
  return bytes.subarray(0, offset).toString('latin1').split('\n').length
}
