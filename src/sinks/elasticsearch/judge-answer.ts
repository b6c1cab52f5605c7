import { RelayError } from '../../core/errors.ts'
import { answerWords } from '../http/answer-words.ts'
import type { Judgement, Verdict } from '../http/dialect.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { statusError } from '../http/http-status.ts'
import { blockedError, isBlock } from './blocks.ts'
import { isObject, parseJson, readAnswerError } from './cluster-error.ts'
import { isSetupFault, judgeItem, setupError } from './judge-item.ts'

/** What the cluster's answer to a `_bulk` request means for its documents. `endpoint`: for the words. */
export function judgeAnswer(answer: HttpAnswer, documents: number, endpoint: string): Judgement {
  const { kind, error, busy, afterMs } = statusError(answer, endpoint)
  const after = afterMs === undefined ? {} : { afterMs }
  if (kind === 'ok') return judgeItems(answer, documents, endpoint)
  const said = readAnswerError(answer.body)
  if (said !== undefined && isBlock(said, answer.status)) return { all: { retry: blockedError(said) }, ...after }
  if (kind === 'too_large') return { refused: error, tooLarge: true }
  if (kind === 'retry') return { all: { retry: error, busy }, ...after }
  // A 400 may be a proxy's, or say that nothing will do as the configuration is: no document is at fault then.
  if (said === undefined) return { all: { retry: unexpected(answer, endpoint, error.message) } }
  return isSetupFault(said) ? { all: { retry: setupError(said) } } : { refused: error, tooLarge: false }
}

function judgeItems(answer: HttpAnswer, documents: number, endpoint: string): Judgement {
  const refuse = (what: string): Judgement => ({ all: { retry: unexpected(answer, endpoint, `${endpoint} ${what}`) } })
  if (isMadeToExhaust(answer.body)) return refuse(`answered ${answer.status} with far more than any documents need`)
  const body = parseJson(answer.body)
  if (body === undefined) return refuse(`answered ${answer.status} with no JSON${answerWords(answer)}`)
  if (!isObject(body) || typeof body.errors !== 'boolean') {
    return refuse(`answered ${answer.status} with something else than the answer to _bulk${answerWords(answer)}`)
  }
  const { items, errors } = body
  if (items === undefined && !errors) return { all: 'delivered' }
  if (!Array.isArray(items) || items.length !== documents) {
    return refuse(`answered for ${Array.isArray(items) ? items.length : 0} of ${documents} documents`)
  }
  if (!errors) return { all: 'delivered' }
  return { each: items.map((item) => verdictOf(item, endpoint)) }
}

/** An object of two bytes takes a hundred once it is parsed. Answers of an honest size are not looked at. */
const largeBytes = 4 * 2 ** 20
/** For a document there are three objects or so, in some hundred bytes. */
const fewestBytesPerObject = 16

function isMadeToExhaust(body: Buffer): boolean {
  if (body.length < largeBytes) return false
  let objects = 0
  for (const byte of body) if (byte === 0x7b || byte === 0x5b) objects++
  return objects * fewestBytesPerObject > body.length
}

/** `{ "create": { "status": 201 } }` */
function verdictOf(item: unknown, endpoint: string): Verdict {
  const result: unknown = isObject(item) ? Object.values(item)[0] : undefined
  if (isObject(result) && typeof result.status === 'number') return judgeItem(result.status, result.error)
  return { retry: new RelayError('ENDPOINT_REFUSED', `${endpoint} answered for a document without a status`) }
}

function unexpected(answer: HttpAnswer, endpoint: string, message: string): RelayError {
  const hint = `Is it Elasticsearch or OpenSearch that answers at ${endpoint}? Compare its URL, and look at the proxy or load balancer before it.`
  return new RelayError('ENDPOINT_REFUSED', message, answer.status === 200 || answer.status === 400 ? { hint } : {})
}
