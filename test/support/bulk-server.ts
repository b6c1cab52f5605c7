import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { answerBulk, type BulkItem, type StoredDocuments } from './bulk-items.ts'

type Json = Record<string, unknown>

export interface SeenRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  readonly headers: IncomingMessage['headers']
  /** Decompressed. */
  readonly body: Buffer
}

/** An answer in place of the server's own. `cutAfter`: the connection ends behind so many bytes of the body. */
export interface GivenAnswer {
  readonly status?: number
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly cutAfter?: number
}

export interface BulkServerOptions {
  readonly distribution?: 'elasticsearch' | 'opensearch'
  readonly version?: string
  readonly flavour?: string
  /** OpenSearch without it answers as for any unknown path. */
  readonly ism?: boolean
  /** Larger bodies (decompressed) are answered 413. */
  readonly maxBytes?: number
}

/** Elasticsearch or OpenSearch as far as a shipper of logs sees them, in memory: `_bulk`, health, templates, lifecycle policies. */
export class BulkServer {
  readonly requests: SeenRequest[] = []
  /** Documents by index or data stream, then id. */
  readonly indices: Map<string, StoredDocuments> = new Map()
  /** What was put, by path: templates and policies. */
  readonly installed = new Map<string, Json>()
  /** Answers for the requests that come next to a path that ends so, in turn, in place of the server's own. */
  readonly given = new Map<string, GivenAnswer[]>()
  /** What a document is answered instead of being stored. */
  itemError: (document: Json, index: string) => { status: number; error: Json } | undefined = () => undefined
  readonly #options: BulkServerOptions
  readonly #server: Server
  readonly #versions = new Map<string, number>()

  private constructor(options: BulkServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(options: BulkServerOptions = {}): Promise<BulkServer> {
    const server = new BulkServer(options)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** All documents, whatever their index. */
  documents(): Json[] {
    return [...this.indices.values()].flatMap((documents) => [...documents.values()])
  }

  /** The next requests to a path that ends so are answered with these. */
  give(pathEnd: string, ...answers: GivenAnswer[]): void {
    this.given.set(pathEnd, [...(this.given.get(pathEnd) ?? []), ...answers])
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const [path, query = ''] = (request.url ?? '/').split('?') as [string, string?]
    const seen: SeenRequest = { method: request.method ?? '', path, query, headers: request.headers, body }
    this.requests.push(seen)
    write(response, this.#givenFor(path) ?? this.#answer(seen))
  }

  #givenFor(path: string): GivenAnswer | undefined {
    for (const [end, answers] of this.given) if (path.endsWith(end) && answers.length > 0) return answers.shift()
    return undefined
  }

  #answer({ method, path, query, body }: SeenRequest): GivenAnswer {
    if (path === '/') return json(200, this.#root())
    if (path === '/_cluster/health') return json(200, { status: 'green', timed_out: false })
    if (path.endsWith('/_bulk')) return this.#bulk(decodeURIComponent(path.slice(1, -'/_bulk'.length)), body)
    if (path.startsWith('/_plugins/_ism/') && this.#options.ism === false) return noHandler(method, path)
    if (path.startsWith('/_plugins/_ism/policies/')) return this.#policy(method, path, query, body)
    if (/^\/(?:_component_template|_index_template|_ilm\/policy)\//.test(path)) return this.#put(path, body)
    return noHandler(method, path)
  }

  #root(): Json {
    const { distribution = 'elasticsearch', version = '8.15.0', flavour = 'default' } = this.#options
    const number = { number: version }
    return {
      cluster_uuid: 'c1',
      version: distribution === 'opensearch' ? { distribution, ...number } : { build_flavor: flavour, ...number },
    }
  }

  #bulk(index: string, body: Buffer): GivenAnswer {
    if (body.length > (this.#options.maxBytes ?? Number.POSITIVE_INFINITY)) return { status: 413, body: '' }
    const items: BulkItem[] | undefined = answerBulk(this.indices, index, body, this.itemError)
    if (items === undefined)
      return json(400, { error: { type: 'illegal_argument_exception', reason: 'Malformed action/metadata line [1]' } })
    return json(200, { took: 1, errors: items.some(({ create }) => create.error !== undefined), items })
  }

  #put(path: string, body: Buffer): GivenAnswer {
    this.installed.set(path, JSON.parse(body.toString()) as Json)
    return json(200, { acknowledged: true })
  }

  /** Policies of OpenSearch are replaced only by who names the version that is there. */
  #policy(method: string, path: string, query: string, body: Buffer): GivenAnswer {
    const version = this.#versions.get(path)
    if (method === 'GET') {
      return version === undefined ? json(404, { error: { type: 'status_exception' } }) : json(200, { _seq_no: version, _primary_term: 1 })
    }
    if (version !== undefined && query !== `if_seq_no=${version}&if_primary_term=1`) {
      return json(409, { error: { type: 'version_conflict_engine_exception', reason: 'document already exists' } })
    }
    this.#versions.set(path, (version ?? -1) + 1)
    return this.#put(path, body)
  }
}

function json(status: number, body: Json): GivenAnswer {
  return { status, body: JSON.stringify(body) }
}

function noHandler(method: string, path: string): GivenAnswer {
  return json(400, { error: `no handler found for uri [${path}] and method [${method}]` })
}

function write(response: ServerResponse, { status = 200, body = '', headers = {}, cutAfter }: GivenAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
  if (cutAfter === undefined) response.end(body)
  else response.write(body.slice(0, cutAfter), () => response.destroy())
}
