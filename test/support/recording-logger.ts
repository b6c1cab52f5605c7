import type { Logger } from '../../src/core/logger.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Keeps what was logged, children's fields merged in, for tests to look at. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[]
  readonly #fields: object

  constructor(lines: LogLine[] = [], fields: object = {}) {
    this.lines = lines
    this.#fields = fields
  }

  debug(fields: object, message: string): void {
    this.#log('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#log('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#log('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#log('error', fields, message)
  }

  child(fields: object): RecordingLogger {
    return new RecordingLogger(this.lines, { ...this.#fields, ...fields })
  }

  messages(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message)
  }

  #log(level: LogLine['level'], fields: object, message: string): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } })
  }
}
