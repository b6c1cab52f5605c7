import type { SizingTerms } from './sizing-terms.ts'
import { receiveBufferBytes } from './sizing-udp.ts'

export interface PipelineDemand {
  readonly name: string
  readonly messagesPerSecond: number
  /** Each gets every message. */
  readonly sinks: number
  /** As configured; left out: whatever the outage needs. */
  readonly maxSizeBytes?: number
  /** Left out where it takes nothing over UDP. `receiveBufferBytes` as configured; left out: whatever a pause needs. */
  readonly udp?: { readonly sockets: number; readonly receiveBufferBytes?: number }
}

export interface PipelinePlan {
  readonly name: string
  readonly messagesPerSecond: number
  readonly messagesPerSecondPerSurvivor: number
  /** The limit that the outage fills at each survivor, in whole GiB, or MiB below one. */
  readonly maxSizeNeededBytes: number
  /** The limit as configured, or what is needed. */
  readonly maxSizeBytes: number
  /** What that limit may take on disk for moments. */
  readonly diskBytes: number
  /** How long an outage may be until the queue is full. */
  readonly outageCoveredSeconds: number
  readonly coversOutage: boolean
  readonly udp: UdpPlan | null
}

/** Bytes of `receive_buffer`, for each socket of the port. */
export interface UdpPlan {
  readonly neededBytes: number
  /** As configured, or what is needed. */
  readonly receiveBufferBytes: number
  readonly lasts: boolean
}

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

/** One pipeline's queue and buffers on each of the nodes that are left. */
export function planPipeline(terms: SizingTerms, demand: PipelineDemand, survivors: number): PipelinePlan {
  const share = demand.messagesPerSecond / survivors
  const storedBytesPerSecond = share * terms.messageBytes * terms.storedBytesPerReceivedByte
  const maxSizeNeededBytes = wholeUnits(storedBytesPerSecond * terms.outageSeconds)
  const maxSizeBytes = demand.maxSizeBytes ?? maxSizeNeededBytes
  const outageCoveredSeconds = maxSizeBytes / storedBytesPerSecond
  return {
    name: demand.name,
    messagesPerSecond: demand.messagesPerSecond,
    messagesPerSecondPerSurvivor: share,
    maxSizeNeededBytes,
    maxSizeBytes,
    // What is delivered is removed a segment at a time (docs/operations.md, Disk).
    diskBytes: Math.ceil((maxSizeBytes * 4) / 3),
    outageCoveredSeconds,
    coversOutage: outageCoveredSeconds >= terms.outageSeconds,
    udp: demand.udp === undefined ? null : planUdp(demand.udp, share, terms.messageBytes),
  }
}

function planUdp(udp: NonNullable<PipelineDemand['udp']>, share: number, messageBytes: number): UdpPlan {
  const neededBytes = receiveBufferBytes(share, messageBytes, udp.sockets)
  const configured = udp.receiveBufferBytes ?? neededBytes
  return { neededBytes, receiveBufferBytes: configured, lasts: configured >= neededBytes }
}

/** As people write limits. */
function wholeUnits(bytes: number): number {
  const unit = bytes > gibibyte ? gibibyte : mebibyte
  return Math.ceil(bytes / unit) * unit
}
