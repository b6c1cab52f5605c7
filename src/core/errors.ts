/**
 * Every error that a person or a script may have to act on. The codes are stable and documented in docs/errors.md;
 * the unit test of that page fails when one is missing.
 */
export const errorCodes = [
  'CONFIG_INVALID', // the configuration cannot be read or has mistakes
  'CONFIG_NOT_FOUND', // the file named by --config is not there
  'DATA_DIR_IN_USE', // another relay holds the data directory
  'DATA_DIR_UNUSABLE', // it cannot be created, read or written, or its path is too long for a socket
  'PORT_IN_USE', // another program listens on a configured port
  'PORT_UNAVAILABLE', // the address is not of this machine, or the port needs a privilege
  'TLS_MATERIAL', // a certificate or key cannot be read, parsed, or do not belong together
  'QUEUE_IN_USE', // another process has the LevelDB store open
  'QUEUE_DAMAGED', // a queue was repaired or set aside
  'QUEUE_FAILED', // the store does not take writes or answers reads with errors
  'QUEUE_CLOSED', // an operation after stop
  'DISK_FULL', // less than min_free_disk is left, or the disk refused a write
  'ENDPOINT_UNREACHABLE', // no connection: refused, timed out, no route, name not found
  'ENDPOINT_CLOSED', // the peer closed or reset a connection that was in use
  'ENDPOINT_TLS', // the TLS handshake with an endpoint failed, its certificate included
  'ENDPOINTS_BACKING_OFF', // every endpoint of a sink waits for its next try
  'ENDPOINT_BUSY', // the endpoint has too much to do (HTTP 429, 503) and asks for a pause
  'ENDPOINT_AUTH', // the endpoint does not accept who we are, or does not let us (HTTP 401, 403)
  'ENDPOINT_REFUSED', // the endpoint answers something that we cannot go on with
  'INDEX_BLOCKED', // Elasticsearch takes no writes for an index: its disk is full, or somebody has closed or blocked it
  'DOCUMENT_REFUSED', // Elasticsearch or another receiver will never take this message as it is
  'MESSAGE_TOO_LARGE', // a message does not fit the transport of a sink, or no request
  'SECRET_UNREADABLE', // a password, key or token cannot be read from its file or the environment
  'SOURCE_UNREACHABLE', // a bucket or notification queue cannot be reached, or answers with errors of its own
  'SOURCE_DENIED', // it does not accept who we are, or does not let us
  'SOURCE_NOT_FOUND', // the bucket or the notification queue does not exist
  'CLOCK_SKEW', // the clock of this machine is too far from the server's for signed requests
  'OBJECT_UNREADABLE', // an object cannot be read: damaged, gone, or of another format
  'FILE_UNWRITABLE', // a file sink cannot open, write or rotate its file
  'NOT_RUNNING', // a command needs a running relay and there is none
  'CONTROL_FAILED', // the control socket answered with an error or not at all
  'PIPELINE_UNKNOWN', // a command names a pipeline that is not configured
  'ADDON_UNAVAILABLE', // the single executable finds no place to load its built-in libraries from
  'INTERNAL', // a mistake of ours; please report it
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** An error with a stable `code`, a message for people, an optional `hint` (what to do next) and the `cause` below it. */
export class RelayError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RelayError'
    this.code = code
    this.hint = options.hint
  }

  /** Wraps anything that was thrown; a RelayError passes unchanged. */
  static from(error: unknown, code: ErrorCode = 'INTERNAL', context = ''): RelayError {
    if (error instanceof RelayError) return error
    const text = error instanceof Error ? error.message : String(error)
    return new RelayError(code, context === '' ? text : `${context}: ${text}`, { cause: error })
  }
}
