import type { PollingStatus, Source, SourceStats } from '../../src/core/source.ts'

/** A source that only remembers what it was told. */
export class FakeSource implements Source {
  readonly calls: string[] = []
  failStart: Error | undefined
  /** Makes it a source that fetches. */
  polling: PollingStatus | undefined
  failUnblock: Error | undefined

  async start(): Promise<void> {
    this.calls.push('start')
    if (this.failStart !== undefined) throw this.failStart
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
  }

  async block(): Promise<void> {
    this.calls.push('block')
  }

  async unblock(): Promise<void> {
    this.calls.push('unblock')
    if (this.failUnblock !== undefined) throw this.failUnblock
  }

  async leave(_deadline: AbortSignal, _stragglers: AbortSignal): Promise<void> {
    this.calls.push('leave')
  }

  stats(): SourceStats {
    return {
      listening: [],
      connections: 0,
      accepted: 0,
      healthChecks: 0,
      refused: { not_allowed: 0, too_many: 0, too_many_from_peer: 0, proxy_missing: 0, proxy_malformed: 0, protocol_error: 0 },
      proxied: 0,
      tlsFailures: 0,
      tlsEofs: 0,
      aged: 0,
      idleTimeouts: 0,
      truncated: 0,
      tooLong: 0,
      empty: 0,
      skippedBytes: 0,
      cutOff: 0,
      ...(this.polling && { polling: this.polling }),
    }
  }
}

/** Of a source that fetches and has nothing to do. */
export const idlePolling: PollingStatus = {
  from: 's3://logs/',
  state: 'idle',
  waiting: 0,
  reading: 0,
  completed: 0,
  failed: 0,
  takenOver: 0,
  repeatedMessages: 0,
  bytes: 0,
}
