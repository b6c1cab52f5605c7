/** How a message reached us: `relps` is RELP over TLS, `s3` an object that was read from a bucket. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'relp' | 'relps' | 's3'

/** An address and port, as the PROXY protocol names them. */
export interface ProxiedAddress {
  readonly address: string
  readonly port: number
}

/** What load balancers said of a connection in their PROXY protocol headers, beside the client, who is the origin's `peer`. */
export interface ProxyInfo {
  /** The load balancer that we speak with. */
  readonly peer: string
  /** Where the client connected to, in front of the load balancer. */
  readonly destination?: ProxiedAddress
  /** PP2_TYPE_AWS, subtype PP2_SUBTYPE_AWS_VPCE_ID. */
  readonly vpcEndpointId?: string
  /** PP2_TYPE_ALPN. */
  readonly alpn?: string
  /** PP2_TYPE_AUTHORITY: the host name that the client asked for (SNI). */
  readonly authority?: string
  /** PP2_TYPE_UNIQUE_ID, in hexadecimal digits. */
  readonly uniqueId?: string
  /** PP2_TYPE_SSL: the load balancer ended TLS. */
  readonly tls?: { readonly version?: string; readonly cipher?: string; readonly commonName?: string; readonly verified: boolean }
}

/** The object of a bucket that a message was read from. */
export interface StoredObject {
  readonly bucket: string
  readonly key: string
  /** The line that names the fields of the object's lines, where it has one. */
  readonly header?: string
}

/** What only the receiver knows about a sender. One object per connection, per UDP peer or per object of a bucket, shared by its messages. */
export interface Origin {
  /** IP address of the true client, IPv4-mapped IPv6 addresses written as IPv4; `s3://bucket/key` where it was read from a bucket. */
  readonly peer: string
  /** 0 where there is none. */
  readonly port: number
  readonly transport: Transport
  /** Subject of the client certificate, where mutual TLS gave one. */
  readonly certSubject?: string
  /** Present when a trusted load balancer named the peer. */
  readonly proxy?: ProxyInfo
  /** Present with `s3`. */
  readonly object?: StoredObject
}

/**
 * Memory that is used again once each of its holders has released it. Who takes over a batch holds its memory; who hands
 * the batch on without keeping it hands that over too. A holder that forgets to release costs only the reuse.
 */
export interface SharedMemory {
  /** One holder more. */
  retain(): void
  /** One holder less. Nothing of the batch may be read afterwards. */
  release(): void
}

/** Bits of `Batch.flags`, one byte a message. */
export const MessageFlag = {
  /** Longer than the source's max_message_size: what follows was cut off and counted. */
  truncated: 1,
  /** The connection ended inside this message. */
  cutOff: 2,
  /**
   * It holds no line feed, and in the batch one follows it: for whoever sends lines, who then need not look. `messagesOf`
   * leaves it out, as it says nothing about the message.
   */
  line: 4,
} as const

/**
 * Many messages in one contiguous buffer; the unit in which everything moves.
 *
 * Message i is `bytes[starts[i], ends[i])`; what lies between two messages (line feeds, octet counts) belongs to none.
 * Runs say who sent what and when: run r covers the messages from `runStarts[r]` up to the next run's start, came from
 * `origins[runOrigins[r]]`, and was received at `runTimes[r]` (milliseconds since the epoch).
 */
export interface Batch {
  readonly bytes: Buffer
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly flags: Uint8Array
  readonly origins: readonly Origin[]
  readonly runStarts: Uint32Array
  readonly runOrigins: Uint32Array
  readonly runTimes: Float64Array
  /** What the arrays lie in; absent where that is left to the garbage collector. */
  readonly memory?: SharedMemory
}

/** A message's number: one each, ascending from 0, never reused within a queue. */
export type Seq = number
/** Both ends are included. */
export type SeqRange = readonly [from: Seq, through: Seq]

/**
 * A batch as it lies in a queue. `seqs` numbers its messages in order: the lengths of the ranges add up to `ends.length`.
 * `queueId` is random and new for every new queue, so queueId + seq names a message for ever.
 */
export interface StoredBatch extends Batch {
  readonly queueId: string
  readonly seqs: readonly SeqRange[]
}
