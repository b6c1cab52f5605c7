import { largestAnswer, largestBulkAnswer } from '../../config/http-schema.ts'
import type { SinkConfig } from '../../config/schema.ts'
import { largestBatch, type MemoryItem, mebibyte } from './memory-item.ts'

/** Held by a forwarder beside one for each lane: the next, and what is being settled; what is read ahead, and what it is read from. */
const leasesBesideLanes = 4
/** Slices that are written, and what the kernel takes of them: the most of net.ipv4.tcp_wmem. */
const streamBuffers = 8 * mebibyte
/** Copies of a message on its way: rewritten, framed, and a document of it. */
const messageCopies = 4
/** A body and the same compressed; an answer as it came and as it was read. */
const copies = { request: 2, answer: 2 }
/** Bodies that are kept to be used again, none of more than so many bytes (sinks/http/request-body.ts). */
const keptBodies = { count: 16, largestBytes: 16 * mebibyte }

/** What one pipeline's forwarder to a sink holds, its connections included. */
export function sinkMemory(sink: SinkConfig, sinkName: string, who: string, maxMessageBytes: number): MemoryItem[] {
  const lease = sink.max_batch_size + largestBatch(maxMessageBytes)
  const messages = messageCopies * maxMessageBytes
  if (sink.type === 'file') {
    const bytes = (leasesBesideLanes + 1) * lease + messages
    return [{ name: `${who}: sink ${sinkName}`, bytes, key: `sinks.${sinkName}.max_batch_size` }]
  }
  const endpoints = sink.endpoints.length
  const lanes = sink.balance === 'failover' ? 1 : endpoints
  const leases = (leasesBesideLanes + lanes) * lease
  if (sink.type === 'syslog') {
    const bytes = leases + endpoints * (streamBuffers + messages)
    return [{ name: `${who}: sink ${sinkName}`, bytes, key: `sinks.${sinkName}.max_batch_size` }]
  }
  // Those in flight, and the one that is being filled.
  const requests = endpoints * (sink.max_requests_in_flight + 1)
  const answer = sink.type === 'elasticsearch' ? largestBulkAnswer(sink.max_request_size) : largestAnswer
  const bytes = requests * (copies.request * sink.max_request_size + copies.answer * answer) + endpoints * messages
  return [
    { name: `${who}: sink ${sinkName}, batches`, bytes: leases, key: `sinks.${sinkName}.max_batch_size` },
    { name: `${who}: sink ${sinkName}, requests`, bytes, key: `sinks.${sinkName}.max_request_size` },
  ]
}

/** Bodies of requests that all HTTP sinks keep together. */
export function keptBodiesMemory(sinks: readonly SinkConfig[]): MemoryItem[] {
  const sizes = sinks.flatMap((sink) => (sink.type === 'http' || sink.type === 'elasticsearch' ? [sink.max_request_size] : []))
  if (sizes.length === 0) return []
  const largest = Math.min(keptBodies.largestBytes, Math.max(...sizes))
  return [{ name: 'bodies of requests', bytes: keptBodies.count * largest, key: 'sinks.NAME.max_request_size' }]
}
