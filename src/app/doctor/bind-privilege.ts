import { mayBindAll, unprivilegedStart } from '../../config/low-ports.ts'
import { isInstalled } from './service-state.ts'
import type { Situation } from './situation.ts'

/** The first port that the relay may open: 0, or the kernel's limit where it has no privilege (ip_unprivileged_port_start, ip-sysctl). */
export async function firstAllowedPort(situation: Situation): Promise<number> {
  if (await hasPrivilege(situation)) return 0
  return unprivilegedStart(await situation.host.read('/proc/sys/net/ipv4/ip_unprivileged_port_start'))
}

/** The running relay's own capabilities, else those that the unit gives, else root's. */
async function hasPrivilege({ host, relay, service, user }: Situation): Promise<boolean> {
  const status = relay.pid === undefined ? undefined : await host.read(`/proc/${relay.pid}/status`)
  const running = mayBindAll(status ?? '')
  if (running !== undefined) return running
  if (isInstalled(service) && service.capabilities.includes('cap_net_bind_service')) return true
  return user.uid === 0
}
