import { getStatus } from '../../health/control-client.ts'
import { controlSocketPath } from '../../health/control-socket.ts'
import type { Host } from './host.ts'
import { findRelay, findUser } from './running-relay.ts'
import { readService } from './service-state.ts'
import type { Situation } from './situation.ts'

/** For each of the questions. */
const patienceMs = 3000

/** Asks systemd and the relay, and for its user. Each has its own time: one that does not answer takes none of the others'. */
export async function findSurroundings(
  host: Host,
  directory: string | undefined,
  signal: AbortSignal,
  askMs = patienceMs,
): Promise<Pick<Situation, 'service' | 'relay' | 'user'>> {
  const asking = () => AbortSignal.any([signal, AbortSignal.timeout(askMs)])
  const service = await readService(host, asking())
  const relay = directory === undefined ? {} : await findRelay(() => getStatus(controlSocketPath(directory), { timeoutMs: askMs }), service)
  return { service, relay, user: await findUser(host, { relay, service, dataDir: directory }, asking()) }
}
