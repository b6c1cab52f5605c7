import type { ServerResponse } from 'node:http'
import { RelayError } from '../core/errors.ts'
import { errorBody } from './answers.ts'
import { write } from './message-stream.ts'

/**
 * Writes a JSON object a line, as fast as the client reads, and an empty line now and then while it waits for the next,
 * so that whoever reads does not take us for dead. What
 * goes wrong becomes the last line. Ends the response, or destroys it when the signal aborts, so that the client does not
 * take a part for the whole.
 */
export async function streamLines(
  values: AsyncIterable<object>,
  response: ServerResponse,
  signal: AbortSignal,
  heartbeatMs = 3_000,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' })
  response.flushHeaders()
  const heartbeat = setInterval(() => {
    if (response.writableLength === 0) response.write('\n')
  }, heartbeatMs)
  try {
    for await (const value of values) {
      await write(response, `${JSON.stringify(value)}\n`, signal)
      if (signal.aborted) break
    }
  } catch (error) {
    if (!signal.aborted) await write(response, `${JSON.stringify(errorBody(RelayError.from(error)))}\n`, signal)
  } finally {
    clearInterval(heartbeat)
  }
  if (signal.aborted) response.destroy()
  else response.end()
}
