import { type DestinationStream, pino } from 'pino'
import type { Logger } from '../core/logger.ts'
import { describeError, errorCode } from './describe-error.ts'
import { StderrDestination } from './stderr-destination.ts'

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const
export type LogLevel = keyof typeof levels

/** A Logger whose level may change while it is in use, for its children as well. */
export interface RelayLogger extends Logger {
  child(fields: object): RelayLogger
  setLevel(level: LogLevel): void
}

/**
 * JSON lines on standard error: `level` as a word, `time` in ISO 8601, `msg`, and the caller's fields.
 * An error is passed as `error` (or `err`); a RelayError's code becomes the line's `code`. At level debug errors carry
 * their stack and the chain of causes; INTERNAL, which is to be reported, always does.
 */
export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): RelayLogger {
  const threshold = { level: options.level }
  const serializeError = (error: unknown) => describeError(error, threshold.level === 'debug' || errorCode(error) === 'INTERNAL')
  const root = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: liftCode },
      serializers: { error: serializeError, err: serializeError },
    },
    options.destination ?? new StderrDestination(),
  )
  return withThreshold(root, threshold)
}

/** The level is ours, not pino's: a pino child keeps the level it was born with, and a reload must reach them all. */
function withThreshold(logger: Logger, threshold: { level: LogLevel }): RelayLogger {
  const on = (level: LogLevel) => levels[level] >= levels[threshold.level]
  return {
    debug: (fields, message) => on('debug') && logger.debug(fields, message),
    info: (fields, message) => on('info') && logger.info(fields, message),
    warn: (fields, message) => on('warn') && logger.warn(fields, message),
    error: (fields, message) => on('error') && logger.error(fields, message),
    child: (fields) => withThreshold(logger.child(fields), threshold),
    setLevel: (level) => {
      threshold.level = level
    },
  }
}

/** `code` is a field of its own so that a search finds every failure of one kind. */
function liftCode(fields: Record<string, unknown>): Record<string, unknown> {
  const code = errorCode(fields.error ?? fields.err)
  return code === undefined || fields.code !== undefined ? fields : { code, ...fields }
}
