import type { HttpSinkConfig } from '../../config/schema.ts'
import type { FormatMessage } from '../../syslog/formatter.ts'
import { FrameEncoder } from '../frames.ts'
import type { Dialect, Judgement, NumberedMessage } from './dialect.ts'
import type { HttpAnswer, HttpRequest } from './http-client.ts'
import { judgeByStatus } from './http-status.ts'

export interface HttpDialectOptions {
  readonly encoding: HttpSinkConfig['encoding']
  readonly method: HttpSinkConfig['method']
  /** With `lines` any; else it gives JSON. */
  readonly format: FormatMessage
  /** Who answers, for the words: `https://siem.example.com:443`. */
  readonly endpoint: string
}

interface Encoding {
  readonly contentType: string
  readonly around: Dialect['around']
  readonly document: (text: Buffer) => Buffer
}

const lineFeed = 0x0a
const lineEnd = Buffer.of(lineFeed)
const nothing = { before: '', between: '', after: '' }

const encodings: Readonly<Record<HttpSinkConfig['encoding'], Encoding>> = {
  // JSON has no line feed of its own: JSON.stringify escapes them.
  ndjson: { contentType: 'application/x-ndjson', around: nothing, document: (text) => Buffer.concat([text, lineEnd]) },
  json_array: { contentType: 'application/json', around: { before: '[', between: ',', after: ']' }, document: (text) => text },
  lines: { contentType: 'text/plain; charset=utf-8', around: nothing, document: line },
}

/** Any receiver that takes messages in the body of a request and says with the status what became of them. */
export class HttpDialect implements Dialect {
  readonly around: Dialect['around']
  readonly #options: HttpDialectOptions
  readonly #encoding: Encoding

  constructor(options: HttpDialectOptions) {
    this.#options = options
    this.#encoding = encodings[options.encoding]
    this.around = this.#encoding.around
  }

  encode(message: NumberedMessage): Buffer {
    return this.#encoding.document(this.#options.format(message))
  }

  request(body: Buffer, encoding: 'gzip' | 'zstd' | undefined): HttpRequest {
    const headers = { 'content-type': this.#encoding.contentType, ...(encoding !== undefined && { 'content-encoding': encoding }) }
    return { method: this.#options.method, path: '/', headers, body }
  }

  judge(answer: HttpAnswer): Judgement {
    return judgeByStatus(answer, this.#options.endpoint)
  }
}

/** A line feed inside a message is escaped as it is towards syslog receivers. */
function line(text: Buffer): Buffer {
  if (!text.includes(lineFeed)) return Buffer.concat([text, lineEnd])
  const frames = new FrameEncoder('newline', 'escape')
  const out = Buffer.allocUnsafe(frames.longest(text.length))
  return out.subarray(0, frames.put(out, 0, text, 0, text.length))
}
