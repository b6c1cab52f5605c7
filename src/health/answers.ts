import type { ServerResponse } from 'node:http'
import type { RelayError } from '../core/errors.ts'

/** What a failed request gets, on every listener. */
export interface ErrorBody {
  readonly error: { readonly code?: string; readonly message: string; readonly hint?: string }
}

/** A whole answer. Node.js itself leaves the body out where the request was HEAD. */
export function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

export function sendError(response: ServerResponse, status: number, error: RelayError | string): void {
  sendJson(response, status, errorBody(error))
}

export function errorBody(error: RelayError | string): ErrorBody {
  const { code, message, hint } = typeof error === 'string' ? { message: error } : error
  return { error: { ...(code !== undefined && { code }), message, ...(hint !== undefined && { hint }) } }
}
