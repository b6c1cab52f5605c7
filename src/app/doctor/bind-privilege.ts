import type { Host } from './host.ts'
import { isInstalled } from './service-state.ts'
import type { Situation } from './situation.ts'

/** CAP_NET_BIND_SERVICE (capabilities(7)). */
const netBindService = 10n

/** The first port that the relay may open: 0, or the kernel's limit where it has no privilege (ip_unprivileged_port_start, ip-sysctl). */
export async function firstAllowedPort(situation: Situation): Promise<number> {
  const { host } = situation
  if (await mayBindAll(situation)) return 0
  const start = Number.parseInt((await host.read('/proc/sys/net/ipv4/ip_unprivileged_port_start')) ?? '', 10)
  return Number.isNaN(start) ? 1024 : start
}

/** The running relay's own capabilities, else those that the unit gives, else root's. */
async function mayBindAll({ host, relay, service, user }: Situation): Promise<boolean> {
  const effective = relay.pid === undefined ? undefined : await effectiveCapabilities(host, relay.pid)
  if (effective !== undefined) return ((effective >> netBindService) & 1n) === 1n
  if (isInstalled(service) && service.capabilities.includes('cap_net_bind_service')) return true
  return user.uid === 0
}

async function effectiveCapabilities(host: Host, pid: number): Promise<bigint | undefined> {
  const bits = /^CapEff:\s+([0-9a-f]+)/m.exec((await host.read(`/proc/${pid}/status`)) ?? '')?.[1]
  return bits === undefined ? undefined : BigInt(`0x${bits}`)
}
