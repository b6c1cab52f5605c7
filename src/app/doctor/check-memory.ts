import type { Config } from '../../config/schema.ts'
import { bytesInWords } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import { ownCommand } from './own-command.ts'
import { isInstalled, unitName } from './service-state.ts'
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
  const limit = Math.min(isInstalled(service) ? service.memoryMaxBytes : Number.POSITIVE_INFINITY, await groupLimit(host, relay.pid))
  if (bound > limit) {
    const mend = `${ownCommand('unit --write', configFile)} && systemctl restart ${unitName}`
    findings.push(problem('MemoryMax', `the service may use ${bytesInWords(limit)}, less than the relay's own bounds: ${killed}`, mend))
  } else if (Number.isFinite(limit)) {
    findings.push(ok('MemoryMax', `the service may use ${bytesInWords(limit)}`))
  }
  return findings
}

/** The smallest limit of the control groups (cgroup v2) around the running relay, else around this process: a container has one. */
async function groupLimit(host: Host, pid: number | undefined): Promise<number> {
  const group = /^0::(\/.*)$/m.exec((await host.read(`/proc/${pid ?? 'self'}/cgroup`)) ?? '')?.[1]
  if (group === undefined) return Number.POSITIVE_INFINITY
  const parts = group.split('/').filter((part) => part !== '')
  const directories = [...parts.keys()].map((index) => `/sys/fs/cgroup/${parts.slice(0, index + 1).join('/')}`)
  const limits = await Promise.all(
    ['/sys/fs/cgroup', ...directories].map(async (one) => Number.parseInt((await host.read(`${one}/memory.max`)) ?? '', 10)),
  )
  return Math.min(Number.POSITIVE_INFINITY, ...limits.filter((limit) => !Number.isNaN(limit)))
}
