import { nodesAway, nodesFor, wholeNodes } from './sizing-nodes.ts'
import { type PipelineDemand, type PipelinePlan, planPipeline } from './sizing-pipeline.ts'
import type { SizingTerms } from './sizing-terms.ts'

/**
 * From the load and the promises to the nodes and disks that keep them. Pure arithmetic: rates are messages a second, times
 * seconds, sizes bytes; nothing is rounded but nodes and what is bought in whole units.
 */

/** Pipelines that run on the same nodes. */
export interface PoolDemand {
  readonly name: string
  readonly pipelines: readonly PipelineDemand[]
  /** To be judged; left out: the fewest that will do. */
  readonly nodes?: number
}

export interface PoolPlan {
  readonly name: string
  readonly messagesPerSecond: number
  readonly nodes: number
  /** The fewest that keep every promise nodes can keep. */
  readonly nodesNeeded: number
  readonly nodesAway: number
  /** Each node's part while all are there, and while `nodesAway` are not. */
  readonly messagesPerSecondPerNode: number
  readonly messagesPerSecondPerSurvivor: number
  /** The survivor's part of what a node was measured to do. */
  readonly survivorLoad: number
  /** Payload, without what protocols add, at each survivor. */
  readonly bitsPerSecondInPerSurvivor: number
  readonly bitsPerSecondOutPerSurvivor: number
  /** Limits of all queues and a third more, for segments that are being removed, and `min_free_disk`. */
  readonly diskBytesPerNode: number
  /** After the outage, in the whole pool. */
  readonly backlogMessages: number
  /** Until it is gone, while as much comes in as ever; null: never. */
  readonly drainSeconds: number | null
  readonly enoughNodes: boolean
  readonly drainsInTime: boolean
  readonly pipelines: readonly PipelinePlan[]
}

export interface SizingPlan {
  readonly terms: SizingTerms
  readonly pools: readonly PoolPlan[]
  /** What net.core.rmem_max has to allow; null where nothing comes over UDP. */
  readonly rmemMaxBytes: number | null
  /** True when every promise is kept by what is planned or configured. */
  readonly kept: boolean
}

/** Sizes every pool. The upstream's rate is divided among them as their load is. */
export function planSizing(terms: SizingTerms, demands: readonly PoolDemand[]): SizingPlan {
  const all = demands.reduce((sum, pool) => sum + poolRate(pool), 0)
  const pools = demands.map((pool) => planPool(terms, pool, ((terms.upstreamMessagesPerSecond ?? Infinity) * poolRate(pool)) / all))
  const buffers = pools.flatMap(({ pipelines }) => pipelines.flatMap(({ udp }) => (udp === null ? [] : [udp])))
  return {
    terms,
    pools,
    rmemMaxBytes: buffers.length === 0 ? null : Math.max(...buffers.map((udp) => Math.max(udp.neededBytes, udp.receiveBufferBytes))),
    kept: pools.every(keepsPromises),
  }
}

function planPool(terms: SizingTerms, demand: PoolDemand, upstream: number): PoolPlan {
  const rate = poolRate(demand)
  const { nodeMessagesPerSecond: nodeRate, messageBytes } = terms
  const backlogMessages = rate * terms.outageSeconds
  const nodesNeeded = nodesFor(survivorsNeeded(terms, rate, upstream), terms.failures)
  const nodes = demand.nodes ?? nodesNeeded
  const away = nodesAway(nodes, terms.failures)
  const survivors = nodes - away
  const pipelines = demand.pipelines.map((pipeline) => planPipeline(terms, pipeline, survivors))
  const drainSeconds = secondsToDrain(backlogMessages, Math.min(upstream, survivors * nodeRate) - rate)
  const bitsOf = (messages: number) => (messages / survivors) * messageBytes * 8
  return {
    name: demand.name,
    messagesPerSecond: rate,
    nodes,
    nodesNeeded,
    nodesAway: away,
    messagesPerSecondPerNode: rate / nodes,
    messagesPerSecondPerSurvivor: rate / survivors,
    survivorLoad: rate / survivors / nodeRate,
    bitsPerSecondInPerSurvivor: bitsOf(rate),
    bitsPerSecondOutPerSurvivor: bitsOf(demand.pipelines.reduce((sum, { messagesPerSecond, sinks }) => sum + messagesPerSecond * sinks, 0)),
    diskBytesPerNode: pipelines.reduce((sum, { diskBytes }) => sum + diskBytes, terms.minFreeDiskBytes),
    backlogMessages,
    drainSeconds,
    enoughNodes: nodes - away >= survivorsFor(rate, terms),
    drainsInTime: drainSeconds !== null && drainSeconds <= (terms.drainWithinSeconds ?? Infinity) * (1 + 1e-9),
    pipelines,
  }
}

/** Everyday work leaves the headroom free: ⌈rate / (nodeRate × (1 − headroom))⌉. */
function survivorsFor(rate: number, { nodeMessagesPerSecond, headroom }: SizingTerms): number {
  return wholeNodes(rate / (nodeMessagesPerSecond * (1 - headroom)))
}

/**
 * A drain uses all a node can: ⌈(rate + backlog / drainWithin) / nodeRate⌉. Where the upstream does not take so much, more nodes
 * would not help, and are not asked for.
 */
function survivorsNeeded(terms: SizingTerms, rate: number, upstream: number): number {
  const { nodeMessagesPerSecond, outageSeconds, drainWithinSeconds } = terms
  const everyday = survivorsFor(rate, terms)
  if (drainWithinSeconds === undefined) return everyday
  const drain = rate + (rate * outageSeconds) / drainWithinSeconds
  return Math.max(everyday, wholeNodes(Math.min(drain, upstream) / nodeMessagesPerSecond))
}

/** Backlog / (what is delivered − what comes in). */
function secondsToDrain(backlogMessages: number, surplusPerSecond: number): number | null {
  return surplusPerSecond > 0 ? backlogMessages / surplusPerSecond : null
}

function poolRate({ pipelines }: PoolDemand): number {
  return pipelines.reduce((sum, { messagesPerSecond }) => sum + messagesPerSecond, 0)
}

function keepsPromises({ enoughNodes, drainsInTime, pipelines }: PoolPlan): boolean {
  return enoughNodes && drainsInTime && pipelines.every(({ coversOutage, udp }) => coversOutage && udp?.lasts !== false)
}
