/** How long a message may be and what becomes of a longer one. */
export interface FramingLimits {
  /** Bytes of one message, terminators and octet counts not included. */
  maxMessageBytes: number
  /** `truncate`: the first maxMessageBytes are kept and flagged. `reject`: nothing is kept. Both are counted. */
  whenTooLong: 'truncate' | 'reject'
}
