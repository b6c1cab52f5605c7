/** What parsing can find wrong, in machine-readable words; they become `tags` in JSON. */
export type Problem =
  | 'empty' // nothing but line ends, or nothing behind the priority
  | 'not_utf8' // bytes that are no UTF-8: shown as U+FFFD, the exact ones are in the raw message
  | 'no_priority' // no `<`
  | 'bad_priority' // `<` without a number and `>`: the text is kept in the message (RFC 3164 4.3.3)
  | 'priority_out_of_range' // above 191 (facility 23, severity 7)
  | 'no_timestamp' // an RFC 3164 frame without a date
  | 'bad_timestamp' // a date that does not exist, or an RFC 5424 TIMESTAMP that is none
  | 'leap_second' // second 60 was read as 59
  | 'unknown_zone' // the date names a zone that says no offset: the configured zone was used
  | 'bad_header' // an RFC 5424 header that ends early
  | 'bad_structured_data' // could not be read (then it is in the message), or was read against the letter of the RFC

/**
 * One syslog message in its parts. Fields that the message does not have are undefined.
 *
 * The offsets are byte offsets into the raw message, so that a rewrite can pass on exactly the bytes that came in.
 * Line ends and NULs at the very end are framing: they belong to no part.
 */
export interface SyslogMessage {
  priority?: number
  facility?: number
  severity?: number
  /** RFC 5424 VERSION; undefined for everything else. */
  version?: number
  /** RFC 3339, as precise as it was sent (up to nanoseconds), with the offset that was sent or worked out: `Z` or `+hh:mm`. */
  timestamp?: string
  hostname?: string
  appName?: string
  procId?: string
  msgId?: string
  /** The sender's own message counter (Cisco `service sequence-numbers`). */
  sequence?: number
  /**
   * RFC 5424 structured data, unescaped: SD-ID, then parameter name. The values of a parameter that is repeated within
   * its element (allowed: `origin ip="…" ip="…"`) are joined with `, `; elements of the same SD-ID (not allowed) are merged.
   */
  structuredData?: Record<string, Record<string, string>>
  /** The text after header and tag; bytes that are no UTF-8 are replaced by U+FFFD. */
  message: string
  /** `raw.subarray(messageStart, messageEnd)` is `message`; a byte order mark before it is left out. */
  messageStart: number
  messageEnd: number
  /** `raw.subarray(structuredDataStart, structuredDataEnd)` is what `structuredData` was read from; equal when there is none. */
  structuredDataStart: number
  structuredDataEnd: number
  /** What could not be parsed as it should; empty when all was well. */
  problems: readonly Problem[]
}

/** A message under construction; its text fields are still one char a byte. */
export interface Draft extends SyslogMessage {
  problems: Problem[]
}

/** Every field from the start, so that all messages have one shape and stay fast to read. */
export function createDraft(length: number): Draft {
  return {
    priority: undefined,
    facility: undefined,
    severity: undefined,
    version: undefined,
    timestamp: undefined,
    hostname: undefined,
    appName: undefined,
    procId: undefined,
    msgId: undefined,
    sequence: undefined,
    structuredData: undefined,
    message: '',
    messageStart: 0,
    messageEnd: length,
    structuredDataStart: 0,
    structuredDataEnd: 0,
    problems: [],
  }
}

/** What parsing needs to know besides the bytes. */
export interface ParseOptions {
  /** The device type's name: decides where the bytes alone leave it open. */
  readonly device?: string
  /** IANA name or `+hh:mm`: the zone of dates that name none. */
  readonly timezone: string
  /** Milliseconds since the epoch: dates without a year take the year that brings them nearest to it. */
  readonly receivedAtMs: number
}
