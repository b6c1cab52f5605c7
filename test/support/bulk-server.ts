import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { BulkIndex, refusal } from './bulk-index.ts'
import { answerBulk, type BulkItem } from './bulk-items.ts'
import { indexFromTemplates, matches } from './bulk-templates.ts'

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

/**
 * Elasticsearch or OpenSearch as far as a shipper of logs sees them, in memory: `_bulk`, indices with mappings and blocks, data streams, searches for
 * all, templates, lifecycle policies.
 */
export class BulkServer {
  readonly requests: SeenRequest[] = []
  /** Indices and data streams, by name. */
  readonly indices = new Map<string, BulkIndex>()
  /** What was put, by path: templates, policies, ingest pipelines. */
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
    return [...this.indices.values()].flatMap(({ documents }) => [...documents.values()])
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
    if (path.endsWith('/_bulk')) return this.#bulk(decodeURIComponent(path.slice(1, -'/_bulk'.length)), query, body)
    if (path.startsWith('/_plugins/_ism/') && this.#options.ism === false) return noHandler(method, path)
    if (path.startsWith('/_plugins/_ism/policies/')) return this.#policy(method, path, query, body)
    if (/^\/(?:_component_template|_index_template|_ilm\/policy|_ingest\/pipeline)\//.test(path))
      return method === 'GET' ? this.#installed(path) : this.#put(path, body)
    return this.#ofIndices(method, path, body) ?? noHandler(method, path)
  }

  /** `/INDEX`, `/INDEX/_search` and the like: an index by its name, or several by a pattern. */
  #ofIndices(method: string, path: string, body: Buffer): GivenAnswer | undefined {
    const [, dataStream, pattern = '', action = ''] = /^\/(_data_stream\/)?([^/_][^/]*)(?:\/(_\w+))?$/.exec(decodeURIComponent(path)) ?? []
    if (pattern === '') return undefined
    const found = [...this.indices.values()].filter(({ name }) => matches(pattern, name))
    if (method === 'PUT' && action === '') return this.#createIndex(pattern, body)
    if (found.length === 0 && !pattern.includes('*')) return failed(404, 'index_not_found_exception', `no such index [${pattern}]`)
    if (dataStream !== undefined)
      return json(200, { data_streams: found.filter(({ isDataStream }) => isDataStream).map(({ name }) => ({ name })) })
    if (action === '_search') return json(200, { hits: { hits: found.flatMap((index) => index.hits()) } })
    if (action === '_settings' && method === 'PUT') {
      const settings = Object.entries(JSON.parse(body.toString()) as Json)
      for (const index of found) for (const [name, value] of settings) index.settings.set(name, value)
    } else if (action === '_close' || action === '_open') for (const index of found) index.closed = action === '_close'
    else if (action !== '_refresh') return undefined
    return json(200, { acknowledged: true })
  }

  #createIndex(name: string, body: Buffer): GivenAnswer {
    if (this.indices.has(name)) return failed(400, 'resource_already_exists_exception', `index [${name}/x] already exists`)
    const { mappings } = JSON.parse(body.toString()) as { mappings?: Json }
    this.indices.set(name, new BulkIndex(name, { ...(mappings && { mappings }) }))
    return json(200, { acknowledged: true, index: name })
  }

  #root(): Json {
    const { distribution = 'elasticsearch', version = '8.15.0', flavour = 'default' } = this.#options
    const number = { number: version }
    return {
      cluster_uuid: 'c1',
      version: distribution === 'opensearch' ? { distribution, ...number } : { build_flavor: flavour, ...number },
    }
  }

  #bulk(index: string, query: string, body: Buffer): GivenAnswer {
    if (body.length > (this.#options.maxBytes ?? Number.POSITIVE_INFINITY)) return { status: 413, body: '' }
    const pipeline = new URLSearchParams(query).get('pipeline')
    const missing = pipeline !== null && !this.installed.has(`/_ingest/pipeline/${encodeURIComponent(pipeline)}`)
    const items = answerBulk(index, body, (name, id, document): BulkItem['create'] => {
      if (missing) return refusal(400, 'illegal_argument_exception', `pipeline with id [${pipeline}] does not exist`)
      return this.itemError(document, name) ?? this.#indexFor(name).create(id, document)
    })
    if (typeof items === 'string') return failed(400, 'illegal_argument_exception', items)
    return json(200, { took: 1, errors: items.some(({ create }) => create.error !== undefined), items })
  }

  /** The first document makes it. */
  #indexFor(name: string): BulkIndex {
    const index = this.indices.get(name) ?? indexFromTemplates(name, this.installed)
    this.indices.set(name, index)
    return index
  }

  #installed(path: string): GivenAnswer {
    const body = this.installed.get(path)
    const name = path.split('/').at(-1)
    if (body === undefined) return failed(404, 'resource_not_found_exception', `[${name}] not found`)
    return json(200, { [`${path.split('/')[1]?.slice(1)}s`]: [{ name, ...body }] })
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

function failed(status: number, type: string, reason: string): GivenAnswer {
  return json(status, { error: { root_cause: [{ type, reason }], type, reason }, status })
}

function noHandler(method: string, path: string): GivenAnswer {
  return json(400, { error: `no handler found for uri [${path}] and method [${method}]` })
}

function write(response: ServerResponse, { status = 200, body = '', headers = {}, cutAfter }: GivenAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
  if (cutAfter === undefined) response.end(body)
  else response.write(body.slice(0, cutAfter), () => response.destroy())
}
