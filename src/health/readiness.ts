import type { RelayStatus } from '../core/status.ts'

interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

/** The body of /readyz. */
export interface ReadyAnswer extends Readiness {
  readonly state: RelayStatus['state']
  readonly pipelines: Readonly<Record<string, Readiness>>
}

/**
 * Whether the relay, or the one pipeline that is asked for, takes messages. Undefined: there is no such pipeline.
 * While the relay starts or stops nothing is ready, whatever its pipelines say: a load balancer is to turn away before
 * the ports close.
 */
export function readiness(status: RelayStatus, pipeline?: string): ReadyAnswer | undefined {
  const running = status.state === 'running'
  const answerOf = ({ ready, reasons }: Readiness): Readiness =>
    running ? { ready, reasons } : { ready: false, reasons: [`the relay is ${status.state}`, ...reasons] }
  const names = pipeline === undefined ? Object.keys(status.pipelines) : [pipeline]
  const pipelines: Record<string, Readiness> = {}
  for (const name of names) {
    const found = Object.hasOwn(status.pipelines, name) ? status.pipelines[name] : undefined
    if (found === undefined) return undefined
    pipelines[name] = answerOf(found)
  }
  // The relay's own reasons say themselves that it does not run.
  const { ready, reasons } = pipeline === undefined ? status : (pipelines[pipeline] as Readiness)
  return { ready: running && ready, reasons, state: status.state, pipelines }
}
