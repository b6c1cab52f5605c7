import { RelayError } from '../../src/core/errors.ts'
import type { Dialect, Judgement, NumberedMessage, Verdict } from '../../src/sinks/http/dialect.ts'
import type { HttpAnswer, HttpRequest } from '../../src/sinks/http/http-client.ts'

/** One letter a document, as the body of a 207: delivered, retry, busy, doubtful, rejected. */
const verdicts: Readonly<Record<string, Verdict>> = {
  d: 'delivered',
  r: { retry: new RelayError('INDEX_BLOCKED', 'not now') },
  b: { retry: new RelayError('ENDPOINT_BUSY', 'too many of them'), busy: true },
  f: { retry: new RelayError('ENDPOINT_REFUSED', 'a fault'), doubtful: new RelayError('DOCUMENT_REFUSED', 'its fault') },
  x: { rejected: new RelayError('DOCUMENT_REFUSED', 'not this one') },
}

/**
 * A dialect that tests can say everything in. Documents are lines, which begin with the number of the message. 200: all delivered. 207: a
 * letter a document. 400, 422, 413: refused as a whole. 429: busy. 202: acknowledged later, as `acknowledge` says. Anything else: retry.
 */
export class ScriptedDialect implements Dialect {
  readonly around: Dialect['around']
  format: (message: NumberedMessage) => string = ({ seq, bytes }) => `${seq} ${bytes}\n`
  acknowledge: (signal: AbortSignal) => Promise<{ all: Verdict; afterMs?: number }> = async () => ({ all: 'delivered' })
  /** Bytes of all documents that were made. */
  encodedBytes = 0

  constructor(around: Dialect['around'] = { before: '', between: '', after: '' }) {
    this.around = around
  }

  encode(message: NumberedMessage): Buffer {
    const document = Buffer.from(this.format(message))
    this.encodedBytes += document.length
    return document
  }

  request(body: Buffer, encoding: 'gzip' | 'zstd' | undefined): HttpRequest {
    return { method: 'POST', path: '/', headers: encoding === undefined ? {} : { 'content-encoding': encoding }, body }
  }

  judge({ status, headers, body }: HttpAnswer, documents: number): Judgement {
    const retryAfter = headers['retry-after']
    const later = retryAfter === undefined ? {} : { afterMs: Number(retryAfter) * 1000 }
    if (status === 200) return { all: 'delivered' }
    if (status === 202) return { later: (_, signal) => this.acknowledge(signal) }
    if (status === 207) return { each: [...body.toString()].map((letter) => verdicts[letter] as Verdict), ...later }
    if (status === 413) return { refused: new RelayError('MESSAGE_TOO_LARGE', 'too large'), tooLarge: true }
    if (status === 422) return { refused: new RelayError('ENDPOINT_REFUSED', 'another reason'), tooLarge: false }
    if (status === 400) return { refused: new RelayError('DOCUMENT_REFUSED', 'bad request'), tooLarge: false }
    if (status === 429) return { all: { retry: new RelayError('ENDPOINT_BUSY', 'slow down'), busy: true }, ...later }
    return { all: { retry: new RelayError('ENDPOINT_REFUSED', `answers ${status} to ${documents} documents`) }, ...later }
  }
}

/** The numbers of the messages in a body of lines. */
export function seqsIn(text: string): number[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number.parseInt(line, 10))
}
