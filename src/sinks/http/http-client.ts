import type { IncomingHttpHeaders } from 'node:http'

/** One request. `path` begins with a slash; what the endpoint's URL has as a path comes before it. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Beside those that the client adds to each request (authentication, the configured ones). */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** What came back, whatever the status. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Whole, decompressed; an answer above the client's limit is an error. */
  readonly body: Buffer
}

/** One endpoint of an HTTP sink: connections that are kept, authentication, TLS, proxy. */
export interface HttpClient {
  /** `https://es-1.example.com:9200`, for logs and /status. */
  readonly name: string
  /**
   * Rejects with a RelayError: ENDPOINT_UNREACHABLE, ENDPOINT_TLS, TLS_MATERIAL, SECRET_UNREADABLE, ENDPOINT_CLOSED (the
   * connection ended, the answer was cut off or took longer than request_timeout), or the signal's reason where that is one.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** Lets go of all connections; requests in hand reject. */
  close(): Promise<void>
}
