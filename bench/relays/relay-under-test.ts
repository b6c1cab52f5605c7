import type { Ledger } from '../../src/core/ledger.ts'
import type { PipelineStatus } from '../../src/core/status.ts'
import type { Room } from '../../test/real/support/room.ts'

/** A relay that runs, whichever it is. */
export interface RunningRelay {
  readonly pid: number
  /** Takes UDP and TCP. */
  readonly port: number
  /** Takes TLS; only when it was asked for. */
  readonly tlsPort?: number
  /** Only logrelay has one. */
  ledger?(): Promise<Ledger>
  stop?(): Promise<void>
}

/** logrelay, with what only it can be asked. */
export interface RunningLogrelay extends RunningRelay {
  readonly adminPort: number
  /** Where its queue is. */
  readonly dataDir: string
  status(): Promise<PipelineStatus>
  /** Kills it and starts it again with the same data; answers with the seconds from its start until it was ready. */
  restart(): Promise<number>
}

/** Where documents go: the configurations in bench/peers/ have it, too. */
export const searchIndex = 'logrelay-bench'

/** What a peer does with a message: parse it and write it anew as RFC 5424, as is usual, or pass on the bytes. */
export type Format = 'rfc5424' | 'raw'

export interface StartOptions {
  readonly upstreamPort: number
  /** Only peers heed it: logrelay passes on the bytes unless it is told otherwise. */
  readonly format: Format
  readonly tls?: boolean
  /** Bytes that may wait on disk; 1 GiB by default. Only logrelay heeds it. */
  readonly maxQueueBytes?: number
}

/** A relay as it is configured for the benchmark: UDP and TCP in, a line feed after each message, TCP out to one upstream. */
export interface RelayUnderTest<R extends RunningRelay = RunningRelay> {
  readonly name: string
  /** What it does with a message before it forwards it. */
  readonly storage: string
  readonly takesTls: boolean
  readonly formats: readonly Format[]
  start(room: Room, options: StartOptions): Promise<R>
}

/** A program that this machine has or lacks. */
export interface Installation {
  readonly program: string
  /** Undefined when it is missing. */
  readonly version?: string
  /** What to do when it is missing. */
  readonly hint: string
  readonly relays: readonly RelayUnderTest[]
}
