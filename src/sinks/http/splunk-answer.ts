import { type ErrorCode, RelayError } from '../../core/errors.ts'
import type { Judgement } from './dialect.ts'
import type { HttpAnswer } from './http-client.ts'
import { judgeByStatus, statusError } from './http-status.ts'

/** What an indexer says: `{"text":"Success","code":0,"ackId":7}`, or `{"acks":{"7":true}}`. */
export interface SplunkAnswer {
  readonly text?: string
  readonly code?: number
  readonly ackId?: number
  readonly acks?: Readonly<Record<string, boolean>>
}

/** Undefined where the body is no JSON object. */
export function readSplunkAnswer({ body }: HttpAnswer): SplunkAnswer | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

export const enableAcknowledgement =
  'Turn on "Enable indexer acknowledgment" for this token in Splunk, or set splunk.acknowledgement: false of this sink.'

const token = { code: 'ENDPOINT_AUTH', hint: 'Compare splunk.token of this sink with the token in Splunk; it must be enabled.' } as const
const channel = {
  code: 'ENDPOINT_REFUSED',
  hint: 'It wants indexer acknowledgement: set splunk.acknowledgement: true of this sink.',
} as const

/** Codes of "Troubleshoot HTTP Event Collector" for which the HTTP status says too little, or the wrong thing. */
const meanings: Readonly<Record<number, { readonly code: ErrorCode; readonly hint?: string }>> = {
  1: token, // Token disabled
  2: token, // Token is required
  3: token, // Invalid authorization
  4: token, // Invalid token
  5: { code: 'ENDPOINT_REFUSED', hint: 'Does something on the way take the body of requests away?' }, // No data
  7: { code: 'ENDPOINT_REFUSED', hint: 'Let the token write to the index, or correct splunk.index of this sink.' }, // Incorrect index
  10: channel, // Data channel is missing
  11: channel, // Invalid data channel
  14: { code: 'ENDPOINT_REFUSED', hint: enableAcknowledgement }, // ACK is disabled
  21: token, // Invalid token
  22: token, // Token disabled
}

/**
 * What an indexer means that has not taken all events. Invalid data (6, 12, 13, 15) is found by halving: `invalid-event-number` counts from 0 with one
 * code and from 1 with another, and of the events before it some versions have taken all. Those come twice, none is lost.
 * That it is busy (9, 18 to 20, 23) the status tells, which is 503 or 429.
 */
export function judgeSplunkError(answer: HttpAnswer, code: number | undefined, endpoint: string): Judgement {
  const { kind, error, afterMs } = statusError(answer, endpoint)
  const known = code === undefined ? undefined : meanings[code]
  if (known !== undefined) {
    const retry = new RelayError(known.code, error.message, { hint: known.hint })
    return { all: { retry }, ...(afterMs !== undefined && { afterMs }) }
  }
  // A success that says something else than Success, or nothing that can be read, is none.
  return kind === 'ok' ? { all: { retry: error } } : judgeByStatus(answer, endpoint)
}
