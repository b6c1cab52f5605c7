import { escapeControl } from '../config/escape-control.ts'
import type { PoolPlan, SizingPlan } from '../planning/sizing.ts'
import type { Failures } from '../planning/sizing-nodes.ts'
import type { PipelinePlan } from '../planning/sizing-pipeline.ts'
import type { SizingTerms } from '../planning/sizing-terms.ts'
import { udpPauseMs } from '../planning/sizing-udp.ts'
import { type Column, renderTable } from './render-table.ts'
import { renderBytes, renderCount } from './render-values.ts'

/** Where the figures come from: null where none were given. */
export interface PlanSources {
  readonly configFile: string | null
  readonly measuredOn: string | null
}

const right = (title: string): Column => ({ title, align: 'right' })

/** Assumptions, one table of pools and one of pipelines, what is still to be set, and which promises are not kept. */
export function renderPlan(plan: SizingPlan, sources: PlanSources): string {
  const { terms, pools } = plan
  const broken = pools.flatMap((pool) => [
    ...poolShortfalls(pool, terms),
    ...pool.pipelines.flatMap((one) => pipelineShortfalls(one, terms)),
  ])
  const parts = [
    renderTerms(terms, sources),
    renderTable(poolColumns, pools.map(poolRow)),
    renderTable(
      pipelineColumns(terms),
      pools.flatMap((pool) => pool.pipelines.map((pipeline) => pipelineRow(pool, pipeline))),
    ),
    renderNotes(plan),
    broken.length === 0
      ? 'The plan keeps its promises.\n'
      : `The plan does NOT keep its promises:\n${broken.map((line) => `- ${line}\n`).join('')}`,
  ]
  return parts.map(escapeLines).join('\n')
}

function renderTerms(terms: SizingTerms, { configFile, measuredOn }: PlanSources): string {
  const { nodeMessagesPerSecond, messageBytes, headroom, storedBytesPerReceivedByte, drainWithinSeconds } = terms
  const rate = `${renderRate(nodeMessagesPerSecond)} messages/s of ${renderBytes(messageBytes)}`
  const drain = drainWithinSeconds === undefined ? '' : `, its backlog gone within ${renderSeconds(drainWithinSeconds)}`
  return [
    measuredOn === null
      ? `NOT MEASURED: a node is ASSUMED to do ${rate}. Run logrelay bench-self --out FILE on one and give --measured FILE.`
      : `A node does ${rate} (${measuredOn}).`,
    `In everyday work ${percent(headroom)} of that stays free. On disk a byte takes ${storedBytesPerReceivedByte.toFixed(2)}.`,
    `Promised: ${renderFailures(terms.failures)} may be away; an upstream outage of ${renderSeconds(terms.outageSeconds)} is ridden out${drain}.`,
    configFile === null
      ? 'No configuration: limits and buffers below are what to configure.'
      : `Limits and buffers are those of ${configFile}; rates of pipelines that are not named are divided evenly.`,
    '',
  ].join('\n')
}

function renderFailures(failures: Failures): string {
  if ('zones' in failures) return `one of ${failures.zones} zones`
  return failures.nodes === 0 ? 'no node' : failures.nodes === 1 ? 'one node' : `${failures.nodes} nodes`
}

const poolColumns: readonly Column[] = [
  { title: 'POOL' },
  right('NODES'),
  right('AWAY'),
  right('MESSAGES/S'),
  right('PER NODE'),
  right('PER SURVIVOR'),
  right('LOAD'),
  right('MBIT/S IN'),
  right('MBIT/S OUT'),
  right('DISK PER NODE'),
  right('BACKLOG'),
  right('DRAINS IN'),
]

function poolRow(pool: PoolPlan): string[] {
  return [
    pool.name,
    renderCount(pool.nodes),
    renderCount(pool.nodesAway),
    renderRate(pool.messagesPerSecond),
    renderRate(pool.messagesPerSecondPerNode),
    renderRate(pool.messagesPerSecondPerSurvivor),
    percent(pool.survivorLoad),
    renderCount(Math.ceil(pool.bitsPerSecondInPerSurvivor / 1e6)),
    renderCount(Math.ceil(pool.bitsPerSecondOutPerSurvivor / 1e6)),
    renderBytes(pool.diskBytesPerNode),
    renderCount(Math.round(pool.backlogMessages)),
    pool.drainSeconds === null ? 'never' : renderSeconds(pool.drainSeconds),
  ]
}

function pipelineColumns({ outageSeconds }: SizingTerms): readonly Column[] {
  const head: Column[] = [{ title: 'PIPELINE' }, { title: 'POOL' }, right('MESSAGES/S'), right('MAX_SIZE')]
  return [...head, right(`NEEDED FOR ${renderSeconds(outageSeconds)}`), right('COVERS'), right('RECEIVE_BUFFER'), right('NEEDED')]
}

function pipelineRow(pool: PoolPlan, pipeline: PipelinePlan): string[] {
  const { udp } = pipeline
  return [
    pipeline.name,
    pool.name,
    renderRate(pipeline.messagesPerSecond),
    renderBytes(pipeline.maxSizeBytes),
    renderBytes(pipeline.maxSizeNeededBytes),
    renderSeconds(pipeline.outageCoveredSeconds),
    udp === null ? '-' : renderBytes(udp.receiveBufferBytes),
    udp === null ? '-' : renderBytes(udp.neededBytes),
  ]
}

function renderNotes({ rmemMaxBytes }: SizingPlan): string {
  const notes = [
    'LOAD, MBIT/S, DISK, MAX_SIZE and RECEIVE_BUFFER are those of one node while the nodes under AWAY are gone.',
    'DISK: all limits, a third more for what is being removed, min_free_disk. BACKLOG: messages of the whole pool after the outage.',
  ]
  if (rmemMaxBytes !== null) {
    notes.push(`UDP, for ${udpPauseMs} ms without reading: sysctl -w net.core.rmem_max=${rmemMaxBytes} on every node, or more.`)
  }
  return `${notes.join('\n')}\n`
}

function poolShortfalls(pool: PoolPlan, { headroom, drainWithinSeconds }: SizingTerms): string[] {
  const lines: string[] = []
  if (!pool.enoughNodes) {
    const load = `each survivor of ${renderCount(pool.nodes)} nodes carries ${percent(pool.survivorLoad)} of what it can`
    lines.push(`pool ${pool.name}: ${load}, more than ${percent(1 - headroom)}; it needs ${renderCount(pool.nodesNeeded)} nodes`)
  }
  if (pool.drainSeconds === null) lines.push(`pool ${pool.name}: the backlog never drains: no more can be delivered than comes in`)
  else if (!pool.drainsInTime) {
    const more = pool.nodesNeeded > pool.nodes ? `it needs ${renderCount(pool.nodesNeeded)} nodes` : 'the upstream takes too little'
    lines.push(
      `pool ${pool.name}: the backlog drains in ${renderSeconds(pool.drainSeconds)}, not ${renderSeconds(drainWithinSeconds ?? 0)}; ${more}`,
    )
  }
  return lines
}

function pipelineShortfalls(
  { name, coversOutage, outageCoveredSeconds, maxSizeNeededBytes, udp }: PipelinePlan,
  terms: SizingTerms,
): string[] {
  const lines: string[] = []
  if (!coversOutage) {
    const covers = `max_size covers ${renderSeconds(outageCoveredSeconds)} of the ${renderSeconds(terms.outageSeconds)}`
    lines.push(`pipeline ${name}: ${covers}; it needs ${renderBytes(maxSizeNeededBytes)}`)
  }
  if (udp?.lasts === false)
    lines.push(`pipeline ${name}: receive_buffer lasts for less than ${udpPauseMs} ms; it needs ${renderBytes(udp.neededBytes)}`)
  return lines
}

function renderRate(messagesPerSecond: number): string {
  return messagesPerSecond < 10 ? String(Number(messagesPerSecond.toFixed(2))) : renderCount(Math.round(messagesPerSecond))
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}

/** `42 s`, `5.5 min`, `4 h`, `2.5 d`: finer than an age, because it is held against a promise. */
function renderSeconds(seconds: number): string {
  const [unit, length] = seconds < 120 ? ['s', 1] : seconds < 7200 ? ['min', 60] : seconds < 172_800 ? ['h', 3600] : ['d', 86_400]
  return `${Number((seconds / (length as number)).toFixed(1)).toLocaleString('en-US')} ${unit}`
}

/** Names come from options and files; what a terminal would obey is escaped. */
function escapeLines(lines: string): string {
  return lines.split('\n').map(escapeControl).join('\n')
}
