import { resolve } from 'node:path'
import { builtinName } from '../../config/builtin.ts'
import type { Config } from '../../config/schema.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import { fitService, isServiceFile, ownCommand } from './own-command.ts'
import type { RunningRelay } from './running-relay.ts'
import { isSystemdHere, type Service, unitName } from './service-state.ts'
import { runsAsService } from './situation.ts'

const { ok, warning, problem, unknown } = findingsOf('service')
const unit = `${unitName}.service`
const log = `journalctl -u ${unitName} -n 50 -o cat`

/** The drop-in that `logrelay unit` would write now; undefined where none is needed. Left out, nothing is said of it. */
export type UnitDropIn = (config: Config) => string | undefined

export interface ServiceSituation {
  readonly host: Host
  /** Undefined when it cannot be used. */
  readonly config: Config | undefined
  readonly configFile: string | undefined
  readonly service: Service | undefined
  readonly relay: RunningRelay
  readonly version: string
  readonly dropInFile: string
  readonly unitDropIn: UnitDropIn | undefined
}

/** Whether systemd starts the relay, keeps it running, and knows what the configuration needs. */
export async function checkService(situation: ServiceSituation): Promise<Finding[]> {
  return [...(await unitFindings(situation)), ...runningFindings(situation, await usedFile(situation))]
}

async function unitFindings(situation: ServiceSituation): Promise<Finding[]> {
  const { host, service } = situation
  if (!(await isSystemdHere(host)))
    return [unknown(unit, 'systemd does not run here: whatever starts the relay has to start it again when it ends')]
  if (service === undefined) return [unknown(unit, 'systemctl does not answer', `systemctl status ${unitName}`)]
  if (service.loadState === 'masked') return [problem(unit, 'is masked: nothing can start it', `systemctl unmask ${unitName}`)]
  if (service.loadState !== 'loaded') {
    const says = `is not installed (${service.loadState}): nothing starts the relay at boot, or again when it ends. The package brings it`
    return [warning(unit, says, `systemctl cat ${unitName}`)]
  }
  const reload = service.needsReload
    ? [
        warning(
          unit,
          'its files have changed since systemd read them: the changes do not count yet',
          `systemctl daemon-reload && systemctl restart ${unitName}`,
        ),
      ]
    : []
  return [active(service), enabled(service), ...reload, ...(await dropIn(situation))]
}

function active({ activeState, result, restarts }: Service): Finding {
  const again = restarts === 0 ? '' : `; systemd has started it again ${restarts === 1 ? 'once' : `${restarts} times`}`
  if (activeState === 'active' || activeState === 'reloading') return ok(unit, `is running${again}`)
  if (activeState === 'failed') return problem(unit, `has failed (${result}): no message is taken${again}`, log)
  if (activeState === 'activating' && restarts > 0) return problem(unit, `does not stay up (${result}): no message is taken${again}`, log)
  if (activeState === 'inactive') return warning(unit, 'is stopped: no message is taken', `systemctl start ${unitName}`)
  return warning(unit, `is ${activeState}`, `systemctl status ${unitName}`)
}

function enabled({ unitFileState }: Service): Finding {
  if (unitFileState === 'enabled') return ok(`${unit}, at boot`, 'starts')
  return warning(
    `${unit}, at boot`,
    `does not start (${unitFileState || 'unknown'}): after a reboot no message is taken`,
    `systemctl enable ${unitName}`,
  )
}

async function dropIn({ host, config, configFile, dropInFile, unitDropIn }: ServiceSituation): Promise<Finding[]> {
  // The drop-in is made of the service's own file: what another one needs is not its business.
  if (unitDropIn === undefined || config === undefined || !isServiceFile(configFile)) return []
  const wanted = unitDropIn(config)
  const there = await host.read(dropInFile)
  if (there === wanted) return wanted === undefined ? [] : [ok(dropInFile, 'is what logrelay unit makes of the configuration')]
  const state = there === undefined ? 'is missing' : 'was made from another configuration'
  return [
    warning(dropInFile, `${state}: privileges, memory limits and writable directories of the service may not fit`, fitService(configFile)),
  ]
}

/** The relay says its file as it was given: from its own directory where that can be seen. */
async function usedFile({ host, relay: { pid, status } }: ServiceSituation): Promise<string | undefined> {
  if (status === undefined || status.configFile === builtinName) return status?.configFile
  const directory = pid === undefined ? undefined : await host.link(`/proc/${pid}/cwd`)
  return directory === undefined ? status.configFile : resolve(directory, status.configFile)
}

function runningFindings({ host, service, relay, version, configFile }: ServiceSituation, used: string | undefined): Finding[] {
  const { status, silent, pid } = relay
  const subject = pid === undefined ? 'running relay' : `running relay, process ${pid}`
  if (silent !== undefined && host.uid === 0) {
    // Nobody is denied root's questions.
    return [problem(subject, `does not answer: ${silent}`, log)]
  }
  if (silent !== undefined) return [unknown(subject, `does not tell its status: ${silent}`, `sudo ${ownCommand('doctor', configFile)}`)]
  if (status === undefined) return []
  const findings: Finding[] = []
  if (status.version !== version) {
    const says = `is version ${status.version}, installed is ${version}: the upgrade counts from the next start on`
    findings.push(warning(subject, says, runsAsService({ service, relay }) ? `systemctl restart ${unitName}` : undefined))
  }
  if (status.reloadError !== undefined) {
    const first = status.reloadError.split('\n', 1)[0] as string
    findings.push(
      problem(subject, `refused the last reload and goes on with the configuration before it: ${first}`, ownCommand('check', configFile)),
    )
  }
  if (configFile !== undefined && used !== configFile)
    findings.push(
      warning(
        subject,
        `uses ${status.configFile}: what is said here of ${configFile} does not hold for it yet`,
        ownCommand('status', configFile),
      ),
    )
  if (!status.ready)
    findings.push(warning(subject, `is not ready: ${status.reasons.join('; ') || status.state}`, ownCommand('status', configFile)))
  return findings.length === 0 ? [ok(subject, `is ready, version ${status.version}`)] : findings
}
