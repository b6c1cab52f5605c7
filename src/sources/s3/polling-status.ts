import type { RelayError } from '../../core/errors.ts'
import type { PollingStatus } from '../../core/source.ts'
import type { PollingParts } from './polling-parts.ts'

/** What a source is doing, for /status. Of several kinds of requests that fail, the one that began first is told. */
export function pollingStatus({ config, health, counts, valve, backlog }: PollingParts, lastListedAtMs: number | undefined): PollingStatus {
  const kinds = [health.finding, health.reading, health.claiming]
  const [failing] = kinds.flatMap(({ status }) => status ?? []).sort((a, b) => a.failingSinceMs - b.failingSinceMs)
  const { reading, waitingForRoom, ...done } = counts
  const paused = valve.closed || waitingForRoom > 0
  return {
    from: `s3://${config.bucket}/${config.prefix}`,
    state: failing !== undefined ? 'backing_off' : paused ? 'paused' : reading > 0 ? 'reading' : 'idle',
    ...(failing && {
      failingSinceMs: failing.failingSinceMs,
      error: { code: failing.error.code, message: withHint(failing.error) },
      retryAtMs: failing.retryAtMs,
    }),
    ...(lastListedAtMs !== undefined && { lastListedAtMs }),
    waiting: backlog.waiting,
    reading,
    ...done,
  }
}

function withHint({ message, hint }: RelayError): string {
  return hint === undefined ? message : `${message} (${hint})`
}
