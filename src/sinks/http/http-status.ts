import { STATUS_CODES } from 'node:http'
import { escapeControl } from '../../config/escape-control.ts'
import { type ErrorCode, RelayError } from '../../core/errors.ts'
import { answerWords, isHtmlPage } from './answer-words.ts'
import type { Judgement } from './dialect.ts'
import type { HttpAnswer } from './http-client.ts'

/** No receiver is left alone for longer than this, whatever it asks for. */
const longestPauseMs = 3_600_000
/** "At once", or a date that is past, is no reason to do without a back-off of our own. */
const shortestPauseMs = 1000

export interface StatusJudgement {
  /** With `ok` too: for a dialect that finds in the body that nothing is well. */
  readonly error: RelayError
  /** What Retry-After asks for, in milliseconds, one hour at most. */
  readonly afterMs?: number
  /** The receiver asks for less. */
  readonly busy: boolean
  /**
   * `retry`: later, nothing is wrong with what was sent. `refused`: for something that is in it. `too_large`: for its size.
   * A page of HTML is never `ok`: whoever gave it is a login page, a proxy or another service, and has kept nothing.
   */
  readonly kind: 'ok' | 'retry' | 'refused' | 'too_large'
}

type Meaning = Pick<StatusJudgement, 'kind' | 'busy'> & { readonly code: ErrorCode; readonly hint?: string }

const refused: Meaning = { kind: 'refused', busy: false, code: 'DOCUMENT_REFUSED' }
const busy: Meaning = { kind: 'retry', busy: true, code: 'ENDPOINT_BUSY' }
const later: Meaning = { kind: 'retry', busy: false, code: 'ENDPOINT_REFUSED' }
const wrongEndpoint: Meaning = { ...later, hint: 'Compare the path in endpoints with what the receiver documents.' }

/** RFC 9110 section 15, RFC 6585. */
const meanings: Readonly<Record<number, Meaning>> = {
  400: refused,
  401: {
    ...later,
    code: 'ENDPOINT_AUTH',
    hint: 'It does not know us: look at the user and password, API key or token of this sink, and whether they have expired.',
  },
  403: {
    ...later,
    code: 'ENDPOINT_AUTH',
    hint: 'It knows us and does not let us: give the user, key or token of this sink the right to write there.',
  },
  404: wrongEndpoint,
  405: { ...later, hint: 'Compare the path in endpoints, and method, with what the receiver documents.' },
  407: { ...later, code: 'ENDPOINT_AUTH', hint: 'Write the user and password of the proxy into its URL: http://user:password@host:port.' },
  408: later,
  410: wrongEndpoint,
  413: { kind: 'too_large', busy: false, code: 'MESSAGE_TOO_LARGE' },
  415: { ...later, hint: 'It does not take this kind of body: look at encoding and compression of this sink.' },
  422: refused,
  429: busy,
  501: { ...later, hint: 'Compare the path in endpoints, and method, with what the receiver documents.' },
  502: { ...later, hint: 'A proxy or load balancer answered: nothing that works is behind it.' },
  503: busy,
  504: { ...later, hint: 'A proxy or load balancer answered: what is behind it did not, in time.' },
}

/** What the status of an answer means, whatever the dialect; `endpoint` as in `https://siem.example.com`, for the words. */
export function statusError(answer: HttpAnswer, endpoint: string): StatusJudgement {
  const { status } = answer
  const said = `${endpoint} answered ${status}${reason(status)}${answerWords(answer)}`
  if (status >= 200 && status < 300) {
    const hint = isHtmlPage(answer) ? 'Compare the path in endpoints with what the receiver documents, and look at the proxy.' : undefined
    return { kind: hint === undefined ? 'ok' : 'retry', busy: false, error: new RelayError('ENDPOINT_REFUSED', said, { hint }) }
  }
  const pause = retryAfter(first(answer.headers['retry-after']))
  const afterMs = pause === undefined ? {} : { afterMs: pause }
  const target = redirection(answer)
  if (target !== undefined) {
    const hint = `Write ${target} as the endpoint if that is the receiver.`
    const error = new RelayError('ENDPOINT_REFUSED', `${said}: it redirects to ${target}`, { hint })
    return { kind: 'retry', busy: false, error, ...afterMs }
  }
  const { kind, busy, code, hint } = meanings[status] ?? later
  return { kind, busy, error: new RelayError(code, said, { hint }), ...(kind === 'retry' && afterMs) }
}

/** For receivers whose status tells all there is to know. */
export function judgeByStatus(answer: HttpAnswer, endpoint: string): Judgement {
  const { kind, error, busy, afterMs } = statusError(answer, endpoint)
  if (kind === 'ok') return { all: 'delivered' }
  if (kind !== 'retry') return { refused: error, tooLarge: kind === 'too_large' }
  return { all: { retry: error, busy }, ...(afterMs !== undefined && { afterMs }) }
}

function reason(status: number): string {
  const phrase = STATUS_CODES[status]
  return phrase === undefined ? '' : ` (${phrase})`
}

/** Where a 3xx leads. What stands behind `?` is left out: login pages put tokens there. */
function redirection({ status, headers }: HttpAnswer): string | undefined {
  const location = first(headers.location)
  if (status < 300 || status > 399 || location === undefined) return undefined
  return escapeControl((location.split(/[?#]/)[0] as string).slice(0, 200))
}

/** A header that came more than once is an array, whatever its type says. */
function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

/** Retry-After (RFC 9110 section 10.2.3): seconds, or a date. Undefined where it says nothing that can be read, or less than a second. */
function retryAfter(value: string | undefined, nowMs = Date.now()): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) || ms < shortestPauseMs ? undefined : Math.min(ms, longestPauseMs)
}
