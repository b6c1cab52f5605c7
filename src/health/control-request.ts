import { type IncomingMessage, request } from 'node:http'
import { errorCodes, RelayError } from '../core/errors.ts'
import type { ErrorBody } from './answers.ts'

/** Sends one request and resolves with its answer once the headers are there and say that it went well. */
export async function ask(socketPath: string, method: string, path: string, timeoutMs: number): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent: false, headers: { Host: 'relay' } })
    const timer = setTimeout(() => sent.destroy(failed(`no answer for ${timeoutMs} ms`)), timeoutMs)
    sent.once('response', (answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
    sent.on('error', (error) => {
      clearTimeout(timer)
      reject(connectionError(socketPath, error))
    })
    sent.end()
  })
  if ((response.statusCode ?? 0) >= 300) throw await refusal(response, timeoutMs)
  return response
}

/**
 * The text of an answer, piece by piece. The clock runs only while we wait for the relay: a reader that takes its time
 * between two pieces (a pager) is no failure of the relay's. Leaving the loop ends the request.
 */
export async function* readWithin(response: IncomingMessage, timeoutMs: number): AsyncGenerator<string> {
  response.setEncoding('utf8')
  const pieces = response[Symbol.asyncIterator]()
  try {
    while (true) {
      const timer = setTimeout(() => response.destroy(failed(`no answer for ${timeoutMs} ms`)), timeoutMs)
      const { value, done } = await pieces.next().finally(() => clearTimeout(timer))
      if (done) return
      yield value as string
    }
  } catch (error) {
    throw RelayError.from(error, 'CONTROL_FAILED', 'the relay broke off its answer')
  } finally {
    response.destroy()
  }
}

export function failed(why: string, cause?: unknown): RelayError {
  const hint = 'see the log of the running relay: `journalctl -u logrelay`'
  return new RelayError('CONTROL_FAILED', `the running relay did not answer as it should: ${why}`, { cause, hint })
}

function connectionError(socketPath: string, error: NodeJS.ErrnoException): RelayError {
  if (error instanceof RelayError) return error
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    const hint = 'start it, or point --config at its configuration: the socket lies in data_dir'
    return new RelayError('NOT_RUNNING', `no relay is running on ${socketPath}`, { cause: error, hint })
  }
  if (error.code === 'EACCES') {
    const hint = "run the command as the relay's user, for example with `sudo -u logrelay`"
    return new RelayError('CONTROL_FAILED', `${socketPath} belongs to another user`, { cause: error, hint })
  }
  return failed(error.message, error)
}

export function isErrorBody(value: object): value is ErrorBody {
  const { error } = value as Partial<ErrorBody>
  return typeof error === 'object' && error !== null && typeof error.message === 'string'
}

/** The error that the relay sent, with its own code where we know that code. */
export function errorOf({ error }: ErrorBody): RelayError {
  const code = errorCodes.find((known) => known === error.code) ?? 'CONTROL_FAILED'
  return new RelayError(code, error.message, error.hint === undefined ? {} : { hint: error.hint })
}

async function refusal(response: IncomingMessage, timeoutMs: number): Promise<RelayError> {
  let text = ''
  for await (const piece of readWithin(response, timeoutMs)) {
    text += piece
    if (text.length > 64 * 1024) break
  }
  try {
    return errorOf(JSON.parse(text) as ErrorBody)
  } catch (error) {
    return failed(`HTTP ${response.statusCode}`, error)
  }
}
