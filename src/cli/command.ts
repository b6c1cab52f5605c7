import type { CommandModule } from 'yargs'
import type { RelayApi } from './relay-api.ts'
import type { Terminal } from './terminal.ts'

/** Exit statuses, as scripts see them. */
export const exitStatus = { ok: 0, failure: 1, usage: 2 } as const

/** What every command is made from. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly relay: RelayApi
  /** The exit status of a command that neither succeeded nor threw. */
  exit(status: number): void
}

/** Options that every command has. */
export interface GlobalOptions {
  config?: string
  verbose: boolean
}

export type Command<Options> = CommandModule<GlobalOptions, GlobalOptions & Options>

/** Called wrongly: exit status 2. */
export class UsageError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'UsageError'
    this.hint = hint
  }
}
