/** Where framers put messages: a batch under construction. */
export interface MessageWriter {
  /** Copies `chunk[from, to)` to the end of the batch's bytes and returns the offset where they begin. */
  put(chunk: Uint8Array, from: number, to: number): number
  /** Declares bytes already put, `[start, end)` of the batch, to be one message. */
  message(start: number, end: number, flags: number): void
}

/** What framing saw besides messages. Plain counters, shared by all connections of a source. */
export interface FramingCounts {
  /** Messages cut to max_message_size (still delivered, marked truncated). */
  truncated: number
  /** Messages refused because they exceed max_message_size (`when_too_long: reject`). */
  tooLong: number
  /** Frames without a byte in them (blank lines, empty datagrams): not messages. */
  empty: number
  /** Bytes skipped to find the next frame after a bad octet count. */
  skippedBytes: number
  /** Messages cut by the end of their connection (still delivered, marked cutOff). */
  cutOff: number
}

/**
 * Turns one connection's bytes into messages. The same bytes give the same messages however they are chunked.
 * A framer keeps at most max_message_size bytes (plus a small header) of an unfinished message and never the chunk itself.
 */
export interface Framer {
  push(chunk: Buffer, out: MessageWriter): void
  /** The connection ended: an unfinished message is written and marked cutOff. */
  end(out: MessageWriter): void
  /** True between messages: nothing of an unfinished one is held. */
  readonly atBoundary: boolean
}
