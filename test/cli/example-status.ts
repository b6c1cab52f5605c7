import type { QueueStatus } from '../../src/core/queue.ts'
import type { PipelineStatus, RelayStatus } from '../../src/core/status.ts'

export const nowMs = Date.UTC(2026, 10, 3, 10, 0, 0)

export const queue: QueueStatus = {
  condition: 'open',
  queueId: 'q1',
  messages: 1234,
  bytes: 1_288_490,
  maxBytes: 2 ** 30,
  nextSeq: 5000,
  oldestAtMs: nowMs - 300_000,
  cursors: { siem: 3766, file: 5000 },
  deadLetters: { siem: 2 },
}

export const pipeline: PipelineStatus = {
  device: 'nginx',
  ready: true,
  reasons: [],
  source: {
    listening: [],
    connections: 3,
    accepted: 4,
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
  },
  queue,
  ledger: {
    received: { udp: 1000, tcp: 4000, tls: 10 },
    dropped: { kernel: 10 },
    sinks: {
      siem: { received: 5010, delivered: 3764, rejected: 2, queued: 1234, dropped: { kernel: 10 } },
      file: { received: 5010, delivered: 5000, rejected: 0, queued: 0, dropped: { kernel: 10 } },
    },
  },
  sinks: {
    siem: {
      type: 'syslog',
      state: 'backing_off',
      failingSinceMs: nowMs - 240_000,
      error: { code: 'ENDPOINT_UNREACHABLE', message: 'connection refused \u001b[31m' },
      retryAtMs: nowMs + 32_000,
      unsettled: 0,
      resent: 0,
      endpoints: [],
    },
    file: { type: 'file', state: 'idle', unsettled: 0, resent: 0, endpoints: [] },
  },
}

export const status: RelayStatus = {
  version: '1.2.3',
  pid: 42,
  state: 'running',
  startedAtMs: nowMs - 3_600_000,
  safeToTerminate: false,
  ready: true,
  reasons: [],
  configFile: '/etc/logrelay/logrelay.yaml',
  pipelines: {
    nginx: pipeline,
    asa: {
      ...pipeline,
      ready: false,
      reasons: ['the queue is full'],
      ledger: { received: { udp: 0, tcp: 0, tls: 0 }, dropped: {}, sinks: {} },
      sinks: {},
    },
  },
}
