import type { IncomingMessage, ServerResponse } from 'node:http'
import { RelayError } from '../core/errors.ts'
import { sendError } from './answers.ts'

/*
 * What every route of the control socket needs to read its request, and to refuse it.
 */

export function allow(request: IncomingMessage, response: ServerResponse, method: string): boolean {
  if (request.method === method) return true
  response.setHeader('Allow', method)
  sendError(response, 405, `only ${method} is answered here`)
  return false
}

export function notFound(response: ServerResponse): void {
  sendError(response, 404, 'not found')
}

export function unknownPipeline(name: string, known: readonly string[]): RelayError {
  const hint = known.length === 0 ? 'there is none yet' : `there is ${known.join(', ')}`
  return new RelayError('PIPELINE_UNKNOWN', `there is no pipeline ${JSON.stringify(name)}`, { hint })
}

/** A path's part; what is not well encoded names nothing that exists. */
export function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Undefined when it is none. */
export function wholeNumber(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback
  const value = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}

/** Aborts when whoever asked is gone, or the signal does. */
export function whileAsked(response: ServerResponse, signal: AbortSignal): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, signal])
}
