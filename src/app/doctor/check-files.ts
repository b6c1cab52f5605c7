import { filesNeeded } from '../../planning/unit/files-needed.ts'
import { openFilesWanted } from '../../planning/unit/unit-drop-in.ts'
import { connectionLimit, findOpenFiles } from '../open-files.ts'
import { countInWords } from './figures.ts'
import { asRoot, type Finding, findingsOf } from './finding.ts'
import { fitService } from './own-command.ts'
import { isInstalled, unitName } from './service-state.ts'
import type { Situation } from './situation.ts'

const { ok, warning, problem, unknown } = findingsOf('files')
const subject = 'open files'

interface Limit {
  readonly files: number
  readonly whose: string
  readonly ofService: boolean
}

/** How many files and connections the relay may have open, against what the configuration needs. */
export async function checkFiles(situation: Situation): Promise<Finding[]> {
  const { config } = situation
  const limit = await findLimit(situation)
  if (limit === undefined) return [unknown(subject, `the limit is hidden from this process; ${asRoot}`)]
  const needed = filesNeeded(config)
  const wanted = openFilesWanted(config)
  const whose = `${Number.isFinite(limit.files) ? countInWords(limit.files) : 'unlimited'} (${limit.whose})`
  const raise = limit.ofService ? fitService(situation.configFile) : `ulimit -n ${wanted}`
  if (limit.files < needed) {
    const says = `${whose}, queues and sinks alone may need ${countInWords(needed)}: a queue that cannot open its files takes no messages`
    return [problem(subject, says, raise)]
  }
  if (limit.files < wanted) {
    const connections = countInWords(connectionLimit(config, limit.files))
    const says = `${whose}: sources can hold ${connections} connections together, fewer than max_connections allows; further senders are turned away`
    return [warning(subject, says, raise)]
  }
  return [ok(subject, `${whose}, the configuration may need ${countInWords(wanted)}`)]
}

/** Of the relay that runs, of the unit, of this process. */
async function findLimit({ host, relay, service }: Situation): Promise<Limit | undefined> {
  const ofService = isInstalled(service)
  if (relay.pid !== undefined) {
    const limits = await host.read(`/proc/${relay.pid}/limits`)
    if (limits !== undefined) return { files: findOpenFiles(limits), whose: `the running relay, process ${relay.pid}`, ofService }
  }
  if (ofService) return { files: service.openFiles, whose: `LimitNOFILE of ${unitName}.service`, ofService }
  const own = await host.read('/proc/self/limits')
  return own === undefined ? undefined : { files: findOpenFiles(own), whose: 'this shell', ofService }
}
