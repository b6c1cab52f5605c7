import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clockOffsetMs, signatureFault } from './s3-signature.ts'

export interface StoredS3Object {
  readonly bytes: Buffer
  readonly etag: string
  readonly modifiedAtMs: number
}

export interface S3Request {
  readonly method: string
  /** `list`, `lifecycle`, or `object`. */
  readonly what: 'list' | 'lifecycle' | 'object'
  readonly key: string
  readonly range: string | undefined
  /** The access key of whoever asks. */
  readonly client: string
}

/** What a scripted answer does in place of the true one. `cut`: the true one, ended after so many bytes. `delete`: the object goes first. */
export type Script = { readonly status: number; readonly code: string } | { readonly cut: number } | { readonly html: string } | 'delete'

const mostClockOffsetMs = 15 * 60_000

/** An S3 server in memory, of one bucket `logs` and path style, and what requests it got. */
export class S3Server {
  readonly objects = new Map<string, StoredS3Object>()
  readonly requests: S3Request[] = []
  /** Asked before each answer. */
  script: (request: S3Request) => Script | undefined = () => undefined
  /** Objects in a page of a listing. */
  pageSize = 1000
  /** Added to the clock. */
  clockMs = 0
  /** By access key. Where there are any, a request must be signed with one of them. */
  readonly secrets = new Map<string, string>()
  /** Takes no notice of If-None-Match and If-Match of a PUT, as older servers. */
  unconditional = false
  lifecycle: string | undefined
  /** Access keys of clients that cannot reach it any more: their connections are cut. */
  readonly unreachable = new Set<string>()
  readonly #server: Server
  #waiters: (() => void)[] = []

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(t: { teardown(fn: () => unknown): void }): Promise<S3Server> {
    const server = new S3Server()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    t.teardown(() => {
      server.#server.closeAllConnections()
      server.#server.close()
    })
    return server
  }

  get endpoint(): { readonly scheme: 'http'; readonly host: string; readonly port: number; readonly path: string } {
    return { scheme: 'http', host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port, path: '' }
  }

  put(key: string, content: string | Buffer, modifiedAtMs = this.#nowMs()): StoredS3Object {
    const bytes = Buffer.from(content)
    const object = { bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, modifiedAtMs }
    this.objects.set(key, object)
    this.#changed()
    return object
  }

  /** How often the bytes of an object were asked for. */
  gets(key: string): number {
    return this.requests.filter((request) => request.what === 'object' && request.method === 'GET' && request.key === key).length
  }

  /** Resolves when the condition is true; looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  #nowMs(): number {
    return Date.now() + this.clockMs
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent)
    const key = rest.join('/')
    const method = request.method ?? ''
    const what = url.searchParams.has('lifecycle') ? 'lifecycle' : key === '' ? 'list' : 'object'
    const client = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const asked: S3Request = {
      method,
      what,
      key: what === 'list' ? (url.searchParams.get('prefix') ?? '') : key,
      range: request.headers.range,
      client,
    }
    if (this.unreachable.has(client)) {
      request.socket.destroy()
      return
    }
    this.requests.push(asked)
    response.setHeader('date', new Date(this.#nowMs()).toUTCString())
    const script = this.script(asked)
    const fault = this.#fault(request)
    if (script === 'delete') this.objects.delete(key)
    if (typeof script === 'object' && 'status' in script) fail(response, script.status, script.code)
    else if (typeof script === 'object' && 'html' in script) response.writeHead(200, { 'content-type': 'text/html' }).end(script.html)
    else if (fault !== undefined) fail(response, 403, fault)
    else if (bucket !== 'logs') fail(response, 404, 'NoSuchBucket')
    else if (what === 'list') this.#list(url.searchParams, response)
    else if (what === 'lifecycle') this.#lifecycle(response)
    else if (method === 'PUT') this.#put(key, Buffer.concat(chunks), request, response)
    else if (method === 'DELETE') {
      this.objects.delete(key)
      response.writeHead(204).end()
    } else this.#get(key, request, response, typeof script === 'object' && 'cut' in script ? script.cut : undefined)
    this.#changed()
  }

  #fault(request: IncomingMessage): string | undefined {
    if (Math.abs(clockOffsetMs(request, this.#nowMs())) > mostClockOffsetMs) return 'RequestTimeTooSkewed'
    return this.secrets.size === 0 ? undefined : signatureFault(request, this.secrets)
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? ''
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, this.pageSize)
    const more = keys.length > page.length
    const encoded = query.get('encoding-type') === 'url'
    const contents = page.map((key) => {
      const { bytes, etag, modifiedAtMs } = this.objects.get(key) as StoredS3Object
      const date = new Date(modifiedAtMs).toISOString()
      const name = encoded ? encodeURIComponent(key).replaceAll('%20', '+') : inXml(key)
      return `<Contents><Key>${name}</Key><LastModified>${date}</LastModified><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Contents>`
    })
    const next = more ? `<NextContinuationToken>${Buffer.from(page.at(-1) ?? '').toString('base64')}</NextContinuationToken>` : ''
    xml(
      response,
      200,
      `<ListBucketResult><Name>logs</Name>${encoded ? '<EncodingType>url</EncodingType>' : ''}<IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    )
  }

  #lifecycle(response: ServerResponse): void {
    if (this.lifecycle === undefined) fail(response, 404, 'NoSuchLifecycleConfiguration')
    else xml(response, 200, `<LifecycleConfiguration>${this.lifecycle}</LifecycleConfiguration>`)
  }

  #put(key: string, bytes: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
    const before = this.objects.get(key)
    const wanted = headers['if-match']
    if (!this.unconditional) {
      const there = headers['if-none-match'] === '*' && before !== undefined
      if (wanted !== undefined && before === undefined) {
        fail(response, 404, 'NoSuchKey')
        return
      }
      if (there || (wanted !== undefined && wanted !== before?.etag)) {
        fail(response, 412, 'PreconditionFailed')
        return
      }
    }
    response.writeHead(200, { etag: this.put(key, bytes).etag }).end()
  }

  #get(key: string, { headers, method }: IncomingMessage, response: ServerResponse, cut: number | undefined): void {
    const object = this.objects.get(key)
    const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    if (object === undefined) {
      fail(response, 404, 'NoSuchKey')
      return
    }
    const { bytes } = object
    const other = headers['if-match'] !== undefined && headers['if-match'] !== object.etag
    if (other || (from > 0 && from >= bytes.length)) {
      fail(response, other ? 412 : 416, other ? 'PreconditionFailed' : 'InvalidRange')
      return
    }
    const body = bytes.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      etag: object.etag,
      'content-length': body.length,
      'last-modified': new Date(object.modifiedAtMs).toUTCString(),
      ...(from > 0 && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    })
    if (method === 'HEAD') response.end()
    else if (cut === undefined) response.end(body)
    else response.write(body.subarray(0, cut), () => response.destroy())
  }
}

function fail(response: ServerResponse, status: number, code: string): void {
  xml(response, status, `<Error><Code>${code}</Code><Message>scripted or true</Message></Error>`)
}

/** What XML cannot hold is left out. */
function inXml(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, '').replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function xml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`)
}
