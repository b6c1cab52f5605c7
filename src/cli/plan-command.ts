import { parseConfig } from '../config/load.ts'
import { formatProblems } from '../config/problems.ts'
import { readConfigFile } from '../config/read-config-file.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import { planSizing } from '../planning/sizing.ts'
import { assumedNode, rateAtSize } from '../planning/sizing-measurement.ts'
import { nodesAway } from '../planning/sizing-nodes.ts'
import type { SizingTerms } from '../planning/sizing-terms.ts'
import { type Command, type CommandContext, exitStatus, UsageError } from './command.ts'
import { minFreeDisk, type PlannedConfig, poolDemands } from './plan-demand.ts'
import {
  readCount,
  readFailures,
  readMeasurement,
  readNamedValues,
  readPools,
  readRate,
  readSeconds,
  readShare,
  readSize,
} from './plan-options.ts'
import { renderPlan } from './render-plan.ts'

interface PlanOptions {
  rate: string[]
  pool: string[]
  nodes: string[]
  size: string
  failures: string
  zones: string
  outage: string
  drainWithin?: string
  upstreamRate?: string
  compression?: string
  headroom: string
  measured?: string
  json: boolean
}

/** May be given several times. */
const repeated = { type: 'string', array: true, requiresArg: true } as const
const text = { type: 'string', requiresArg: true } as const

export function planCommand({ terminal, exit }: CommandContext): Command<PlanOptions> {
  return {
    command: 'plan',
    describe: 'Say how many nodes, how much disk and which buffers a load needs',
    builder: (yargs) =>
      yargs
        .option('rate', {
          ...repeated,
          demandOption: true,
          describe: 'Messages per second: N in all, or PIPELINE=N; N then is all the others',
        })
        .option('size', { ...text, default: '300', describe: 'Mean size of a message: 300, 1KiB' })
        .option('pool', { ...repeated, default: [], describe: 'Pipelines with nodes of their own: NAME=PIPELINE,PIPELINE or PIPELINE' })
        .option('nodes', { ...repeated, default: [], describe: 'Judge so many nodes, or POOL=N, instead of looking for the fewest' })
        .option('failures', { ...text, default: '1', describe: 'Nodes that may be away at the same time, or "zone": all of a zone' })
        .option('zones', { ...text, default: '3', describe: 'With --failures zone: zones over which the nodes are spread evenly' })
        .option('outage', { ...text, default: '4h', describe: 'Upstream outage to ride out' })
        .option('drain-within', { ...text, describe: 'Time in which the backlog of that outage has to be gone' })
        .option('upstream-rate', { ...text, describe: 'Messages per second that the upstream takes in all. Default: whatever comes' })
        .option('compression', { ...text, describe: 'Bytes on disk for each byte received. Default: as measured, else 0.33' })
        .option('headroom', { ...text, default: '0.5', describe: "Share of a node's rate that stays free in everyday work" })
        .option('measured', { ...text, describe: 'What logrelay bench-self --out FILE has written on such a node' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
        .example('logrelay plan --rate 50000 --measured node.json', 'one pool, one node may be away')
        .example('logrelay plan --rate nginx=50000 --rate 2000 --pool nginx --failures zone', 'nginx on nodes of its own, three zones')
        .epilogue('Exit status: 0 the plan keeps every promise, 1 it does not, 2 wrong usage.')
        // Repeated options: elsewhere the last one counts.
        .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
        .check(checkOnce),
    handler: async ({ config: configFile, ...options }) => {
      const file = await resolveConfigFile(configFile)
      const config = file === undefined ? undefined : await readPipelines(file)
      const { terms, measuredOn } = await readTerms(options, minFreeDisk(config))
      const nodes = readNamedValues('--nodes', options.nodes, (what, value) => readCount(what, value, { min: 1 }))
      const demands = poolDemands({
        config,
        rates: readNamedValues('--rate', options.rate, readRate),
        pools: readPools(options.pool),
        nodes,
      })
      for (const pool of demands) checkSurvivors(pool, terms)
      const plan = planSizing(terms, demands)
      const sources = { configFile: file ?? null, measuredOn }
      await terminal.out(options.json ? `${JSON.stringify({ ...plan, ...sources }, null, 2)}\n` : renderPlan(plan, sources))
      if (!plan.kept) exit(exitStatus.failure)
    },
  }
}

function checkOnce(options: object): true {
  for (const [name, value] of Object.entries(options)) {
    if (Array.isArray(value) && !['_', 'rate', 'pool', 'nodes'].includes(name)) throw new UsageError(`--${name} is given more than once`)
  }
  return true
}

/** Files that a configuration names need not be here: it may be that of other machines. */
async function readPipelines(file: string): Promise<PlannedConfig> {
  const content = await readConfigFile(file)
  if (!('text' in content)) throw new RelayError('CONFIG_INVALID', `${file} ${content.message}`)
  const result = parseConfig(content.text, file)
  if (result.ok) return result.config
  const errors = result.problems.filter(({ severity }) => severity === 'error')
  throw new RelayError('CONFIG_INVALID', `the configuration cannot be used\n${formatProblems(errors)}`)
}

async function readTerms(options: PlanOptions, minFreeDiskBytes: number): Promise<{ terms: SizingTerms; measuredOn: string | null }> {
  const { size, compression, headroom, failures, zones, outage, drainWithin, upstreamRate } = options
  const measurement = options.measured === undefined ? undefined : await readMeasurement(options.measured)
  const node = measurement ?? assumedNode
  const messageBytes = readSize(`--size ${size}`, size)
  const terms = {
    nodeMessagesPerSecond: rateAtSize(node, messageBytes),
    messageBytes,
    storedBytesPerReceivedByte:
      compression === undefined
        ? node.storedBytesPerReceivedByte
        : readShare(`--compression ${compression}`, compression, { min: 0.01, max: 2 }),
    headroom: readShare(`--headroom ${headroom}`, headroom, { min: 0, max: 0.95 }),
    failures: readFailures(failures, zones),
    outageSeconds: readSeconds(`--outage ${outage}`, outage),
    ...(drainWithin === undefined ? {} : { drainWithinSeconds: readSeconds(`--drain-within ${drainWithin}`, drainWithin) }),
    ...(upstreamRate === undefined ? {} : { upstreamMessagesPerSecond: readRate(`--upstream-rate ${upstreamRate}`, upstreamRate) }),
    minFreeDiskBytes,
  }
  const measuredOn = measurement && `${measurement.machine.processors} × ${measurement.machine.processorModel}, ${measurement.measuredAt}`
  return { terms, measuredOn: measuredOn ?? null }
}

function checkSurvivors({ name, nodes }: { name: string; nodes?: number }, { failures }: SizingTerms): void {
  if (nodes === undefined || nodes > nodesAway(nodes, failures)) return
  throw new UsageError(
    `--nodes: none of the ${nodes} of pool ${name} is left after --failures`,
    '--failures 0 asks for no promise about failures',
  )
}
