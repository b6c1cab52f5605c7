import type { Message } from '../../batch/messages.ts'
import type { RelayError } from '../../core/errors.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'

/** A message by the name it has for ever: the queue's random id and its number. */
export interface NumberedMessage extends Message {
  readonly queueId: string
  readonly seq: number
}

/** What became of one document of a request. */
export type Verdict =
  | 'delivered'
  /** To be sent again, it alone. `busy`: the receiver asks for less. `doubtful`: it may be the document that brings this; if so it is rejected with that. */
  | { readonly retry: RelayError; readonly busy?: boolean; readonly doubtful?: RelayError }
  /** Never to be taken as it is: a dead letter. */
  | { readonly rejected: RelayError }

/** What an answer means for the documents of its request. */
export type Judgement =
  /** All of them have this fate. */
  | { readonly all: Verdict; readonly afterMs?: number }
  /** One verdict each, in order. */
  | { readonly each: readonly Verdict[]; readonly afterMs?: number }
  /**
   * The request as a whole was refused because of what is in it: too large (`tooLarge`), or one of its documents. It is halved until
   * the document is found, which is then rejected with this error.
   */
  | { readonly refused: RelayError; readonly tooLarge: boolean }
  /** Taken, and acknowledged later: resolves with the verdict for all; never rejects. `signal` aborts when nobody waits any more. */
  | { readonly later: (client: HttpClient, signal: AbortSignal) => Promise<{ readonly all: Verdict; readonly afterMs?: number }> }

/** What a receiver understands: how messages become the body of a request, and what its answers mean. */
export interface Dialect {
  /**
   * The document of a message as it stands in a body, terminator included where each has one: a text, or bytes where it is none. Throws where the message
   * cannot be made into one (a mistake of ours: the message is rejected, it alone).
   */
  encode(message: NumberedMessage): string | Buffer
  /** The bytes before, between and behind the documents of a body (`[`, `,`, `]`). */
  readonly around: { readonly before: string; readonly between: string; readonly after: string }
  /** The request for a body, which is compressed already where `encoding` says so (the value of Content-Encoding). */
  request(body: Buffer, encoding: 'gzip' | 'zstd' | undefined): HttpRequest
  judge(answer: HttpAnswer, documents: number): Judgement
}
