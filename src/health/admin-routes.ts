import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RelayStatus } from '../core/status.ts'
import { send, sendError, sendJson } from './answers.ts'
import { readiness } from './readiness.ts'

/** What /metrics needs of the telemetry room. */
export interface MetricsText {
  readonly contentType: string
  text(): Promise<string>
}

type Route = (url: URL, response: ServerResponse) => void | Promise<void>
export type Routes = Readonly<Record<string, Route>>

/** /livez and /readyz: what a load balancer may see. */
export function healthRoutes(status: () => RelayStatus): Routes {
  return {
    // Answering is the proof: a process whose event loop hangs does not.
    '/livez': (_url, response) => send(response, 200, 'text/plain; charset=utf-8', 'ok\n'),
    '/readyz': (url, response) => {
      const name = url.searchParams.get('pipeline') ?? undefined
      const answer = readiness(status(), name)
      if (answer === undefined) sendError(response, 404, `there is no pipeline ${JSON.stringify(name)}`)
      else sendJson(response, answer.ready ? 200 : 503, answer)
    },
  }
}

/** Those two, and what an administrator wants to know. All of it is read-only. */
export function adminRoutes(status: () => RelayStatus, metrics: MetricsText): Routes {
  return {
    ...healthRoutes(status),
    '/metrics': async (_url, response) => send(response, 200, metrics.contentType, await metrics.text()),
    '/status': (_url, response) => sendJson(response, 200, status()),
  }
}

/** Answers GET and HEAD on the routes' paths. */
export async function serveRoutes(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = requestUrl(request)
  const route = url !== undefined && Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined
  if (url === undefined || route === undefined) {
    sendError(response, 404, `not found; there is ${Object.keys(routes).join(', ')}`)
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    sendError(response, 405, 'only GET and HEAD are answered here')
  } else {
    await route(url, response)
  }
}

/** The request's target; the host in it means nothing. Undefined where it is no path (`OPTIONS *`, a proxy's request). */
export function requestUrl(request: IncomingMessage): URL | undefined {
  const target = request.url ?? ''
  // A target that begins with two slashes would be read as a host.
  return target.startsWith('/') && !target.startsWith('//') ? (URL.parse(target, 'http://relay') ?? undefined) : undefined
}
