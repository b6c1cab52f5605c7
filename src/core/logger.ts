/** The part of pino that rooms may use; `child` carries `pipeline`, `sink`, `peer`, `code`. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Logger
}
