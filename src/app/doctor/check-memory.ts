import type { Config } from '../../config/schema.ts'
import { bytesInWords } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import { fitService, ownCommand } from './own-command.ts'
import { isInstalled } from './service-state.ts'
import type { Situation } from './situation.ts'

const { ok, warning, problem } = findingsOf('memory')
const killed = 'the kernel may then end the relay: senders are cut off until it is back'

/** What the relay may take at most by the bounds of its configuration; left out, nothing is said. */
export type MemoryBytes = (config: Config) => number

/** The RAM of this host, and the limit of the service, against what the relay may take. */
export async function checkMemory(
  { host, config, configFile, service, relay }: Situation,
  memoryBytes: MemoryBytes | undefined,
): Promise<Finding[]> {
  if (memoryBytes === undefined) return []
  const bound = memoryBytes(config)
  const most = `the relay takes ${bytesInWords(bound)} at most by the bounds of its configuration`
  const ram = host.memoryBytes()
  const findings: Finding[] = []
  if (bound > ram) {
    // All of them at once is far from every day, and the bounds as they come are wide: no reason to call the host unfit.
    const says = `${most}, all reached at once; this host has ${bytesInWords(ram)}: ${killed}. The command names the largest bounds`
    findings.push(warning('RAM', says, ownCommand('unit', configFile)))
  } else if (bound > 0.8 * ram) {
    findings.push(
      warning(
        'RAM',
        `${most}, this host has ${bytesInWords(ram)}: little is left for the page cache and for others`,
        ownCommand('unit', configFile),
      ),
    )
  } else {
    findings.push(ok('RAM', `${most}, this host has ${bytesInWords(ram)}`))
  }
  findings.push(...(await limits({ host, configFile, service, relay }, bound)))
  return findings
}

/** The unit's own limit is ours to raise; that of a group around it, as of a container, is not. */
async function limits({ host, configFile, service, relay }: Omit<Situation, 'config' | 'user'>, bound: number): Promise<Finding[]> {
  const own = isInstalled(service) ? service.memoryMaxBytes : Number.POSITIVE_INFINITY
  // The group of this process is that of a relay only where no unit starts one.
  const pid = relay.pid ?? (isInstalled(service) ? undefined : 'self')
  const around = pid === undefined ? Number.POSITIVE_INFINITY : await groupLimit(host, pid)
  const limit = Math.min(own, around)
  if (!Number.isFinite(limit)) return []
  const [subject, who] = own <= around ? ['MemoryMax', 'the service'] : ['memory limit', 'the control group']
  const says = `${who} may use ${bytesInWords(limit)}`
  if (bound <= limit) return [ok(subject, says)]
  const less = `${says}, less than the relay's own bounds: ${killed}`
  return own <= around ? [problem(subject, less, fitService(configFile))] : [warning(subject, less, ownCommand('unit', configFile))]
}

/** The smallest limit of the control groups (cgroup v2) around a process: a container has one. */
async function groupLimit(host: Host, pid: number | 'self'): Promise<number> {
  const group = /^0::(\/.*)$/m.exec((await host.read(`/proc/${pid}/cgroup`)) ?? '')?.[1]
  if (group === undefined) return Number.POSITIVE_INFINITY
  const parts = group.split('/').filter((part) => part !== '')
  const directories = [...parts.keys()].map((index) => `/sys/fs/cgroup/${parts.slice(0, index + 1).join('/')}`)
  const limits = await Promise.all(
    ['/sys/fs/cgroup', ...directories].map(async (one) => Number.parseInt((await host.read(`${one}/memory.max`)) ?? '', 10)),
  )
  return Math.min(Number.POSITIVE_INFINITY, ...limits.filter((limit) => !Number.isNaN(limit)))
}
