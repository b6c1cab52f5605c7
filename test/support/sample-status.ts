import type { PipelineStatus, RelayStatus } from '../../src/core/status.ts'

/** A pipeline with a different figure in every place, so that none can be taken for another. */
export function samplePipeline(changes: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    device: 'nginx',
    ready: true,
    reasons: [],
    source: {
      listening: [{ transports: ['udp'], address: '::', port: 10435 }],
      truncated: 1,
      tooLong: 2,
      empty: 3,
      skippedBytes: 4,
      cutOff: 5,
      connections: 6,
      accepted: 7,
      healthChecks: 8,
      refused: { not_allowed: 9, too_many: 10, too_many_from_peer: 11, proxy_missing: 21, proxy_malformed: 22, protocol_error: 23 },
      proxied: 24,
      tlsFailures: 12,
      tlsEofs: 25,
      aged: 26,
      idleTimeouts: 13,
    },
    queue: {
      condition: 'open',
      queueId: 'q1',
      messages: 14,
      bytes: 15,
      maxBytes: 16,
      nextSeq: 100,
      oldestAtMs: 1_700_000_000_500,
      cursors: { siem: 86 },
      deadLetters: { siem: 17 },
    },
    ledger: {
      received: { udp: 60, tcp: 30, tls: 20 },
      dropped: { kernel: 10 },
      sinks: { siem: { received: 110, delivered: 59, rejected: 17, queued: 14, dropped: { kernel: 10, oldest: 10 } } },
    },
    sinks: {
      siem: {
        type: 'syslog',
        state: 'backing_off',
        failingSinceMs: 1_700_000_001_000,
        error: { code: 'ENDPOINT_UNREACHABLE', message: 'refused' },
        retryAtMs: 1_700_000_009_000,
        unsettled: 18,
        resent: 19,
        endpoints: [{ endpoint: 'tls://siem.example.com:6514', state: 'backing_off' }],
      },
    },
    ...changes,
  }
}

/** A running relay with the pipeline `nginx`. */
export function sampleStatus(changes: Partial<RelayStatus> = {}): RelayStatus {
  return {
    version: '1.2.3',
    pid: 4242,
    state: 'running',
    startedAtMs: 1_700_000_000_000,
    safeToTerminate: false,
    ready: true,
    reasons: [],
    configFile: '/etc/logrelay/logrelay.yaml',
    pipelines: { nginx: samplePipeline() },
    ...changes,
  }
}
