import type { RelayState, RelayStatus } from '../core/status.ts'
import { type Family, pipelineFigure } from './metric-family.ts'

const states: readonly RelayState[] = ['starting', 'running', 'draining', 'drained', 'stopped']

/** The relay as a whole. What Node.js and the system know of the process comes from prom-client's default metrics. */
export const processFamilies: readonly Family<RelayStatus>[] = [
  {
    type: 'gauge',
    name: 'logrelay_build_info',
    help: 'Always 1; the labels say which version of the relay runs.',
    labels: ['version'],
    samples: (status) => [{ labels: { version: status.version }, value: 1 }],
  },
  {
    type: 'gauge',
    name: 'logrelay_state',
    help: '1 for the state that the relay is in, 0 for the others.',
    labels: ['state'],
    samples: (status) => states.map((state) => ({ labels: { state }, value: Number(state === status.state) })),
  },
  {
    type: 'gauge',
    name: 'logrelay_ready',
    help: '1 when the relay is ready as /readyz says it.',
    labels: [],
    samples: (status) => [{ labels: {}, value: Number(status.ready && status.state === 'running') }],
  },
  {
    type: 'gauge',
    name: 'logrelay_reload_failed',
    help: '1 while the configuration on disk was refused and the one before it is still in force.',
    labels: [],
    samples: (status) => [{ labels: {}, value: Number(status.reloadError !== undefined) }],
  },
  pipelineFigure({ type: 'gauge', name: 'logrelay_pipeline_ready', help: "1 when the pipeline's ports take messages." }, (pipeline) =>
    Number(pipeline.ready),
  ),
]
