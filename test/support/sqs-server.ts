import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface QueuedMessage {
  readonly id: number
  readonly body: string
  visibleAtMs: number
  received: number
}

interface Call {
  readonly action: string
  readonly id: number | undefined
  readonly seconds: number | undefined
}

/** One SQS queue in memory (AWS JSON protocol 1.0), and what was asked of it. A long poll ends with the next message, or after 50 ms. */
export class SqsServer {
  readonly messages = new Map<number, QueuedMessage>()
  readonly calls: Call[] = []
  /** Answers every request so, when set. */
  failure: { readonly status: number; readonly type: string } | undefined
  readonly #server: Server
  #next = 1
  #waiters: (() => void)[] = []

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(t: { teardown(fn: () => unknown): void }): Promise<SqsServer> {
    const server = new SqsServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    t.teardown(() => {
      server.#server.closeAllConnections()
      server.#server.close()
    })
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/123456789012/logs`
  }

  send(body: unknown): number {
    const id = this.#next++
    this.messages.set(id, { id, body: typeof body === 'string' ? body : JSON.stringify(body), visibleAtMs: 0, received: 0 })
    this.#changed()
    return id
  }

  /** Resolves when the condition is true; looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
    const fields = JSON.parse(Buffer.concat(chunks).toString())
    const id = fields.ReceiptHandle === undefined ? undefined : Number(fields.ReceiptHandle)
    this.calls.push({ action, id, seconds: fields.VisibilityTimeout })
    if (this.failure !== undefined) {
      const { status, type } = this.failure
      json(response, status, { __type: type, message: 'scripted' })
    } else if (action === 'ReceiveMessage') json(response, 200, await this.#receive(fields))
    else {
      const message = this.messages.get(id ?? 0)
      if (action === 'DeleteMessage') this.messages.delete(id ?? 0)
      else if (message !== undefined) message.visibleAtMs = Date.now() + fields.VisibilityTimeout * 1000
      json(response, 200, {})
    }
    this.#changed()
  }

  async #receive({ MaxNumberOfMessages, VisibilityTimeout }: { MaxNumberOfMessages: number; VisibilityTimeout: number }): Promise<object> {
    const visible = () => [...this.messages.values()].filter(({ visibleAtMs }) => visibleAtMs <= Date.now()).slice(0, MaxNumberOfMessages)
    if (visible().length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    const messages = visible()
    for (const message of messages) {
      message.visibleAtMs = Date.now() + VisibilityTimeout * 1000
      message.received++
    }
    return {
      Messages: messages.map(({ id, body, received }) => ({
        MessageId: String(id),
        ReceiptHandle: String(id),
        Body: body,
        MD5OfBody: createHash('md5').update(body).digest('hex'),
        Attributes: { ApproximateReceiveCount: String(received) },
      })),
    }
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body))
}

/** The event message of S3 for objects of the bucket `logs`. */
export function created(...objects: readonly { key: string; etag?: string; size?: number; bucket?: string; event?: string }[]): object {
  return {
    Records: objects.map(({ key, etag, size = 10, bucket = 'logs', event = 'ObjectCreated:Put' }) => ({
      eventSource: 'aws:s3',
      eventName: event,
      s3: {
        bucket: { name: bucket },
        object: { key: encodeURIComponent(key).replaceAll('%20', '+'), eTag: etag?.replaceAll('"', ''), size },
      },
    })),
  }
}
