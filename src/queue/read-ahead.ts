import type { Seq } from '../core/batch.ts'
import type { Fetched } from './recent-batches.ts'
import type { Extent, SinkCursor } from './sink-cursor.ts'

export interface ReadAheadSource {
  /** Everything below is stored and may be read. */
  readonly readableEnd: Seq
  /** Batches from `from` on, held by the caller; undefined when the queue was closed meanwhile. */
  fetch(from: Seq, maxBytes: number): Promise<Fetched[] | undefined>
}

/** Where one sink's reading stands, and what was fetched beyond that: the next batches come while the last ones are sent. */
export class ReadAhead {
  readonly #cursor: SinkCursor
  readonly #source: ReadAheadSource
  #next: Seq
  #position: number
  #ahead: { from: Seq; fetched: Promise<Fetched[] | undefined> } | undefined

  constructor(cursor: SinkCursor, source: ReadAheadSource) {
    this.#cursor = cursor
    this.#source = source
    this.#next = cursor.batch
    this.#position = cursor.record.position
  }

  /** First number of the next batch to read. */
  get next(): Seq {
    return this.#next
  }

  /** Stored bytes before it. */
  get position(): number {
    return this.#position
  }

  /** Nothing more is readable. */
  get atEnd(): boolean {
    return this.#next >= this.#source.readableEnd
  }

  /** The next batches, held by the caller. They count as read one by one, by `reach`; what is left of them goes back by `keep`. */
  async fetch(maxBytes: number): Promise<Fetched[] | undefined> {
    this.#skipPassed()
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead?.from === this.#next) return ahead.fetched
    letGo(ahead?.fetched)
    return this.#source.fetch(this.#next, maxBytes)
  }

  reach(extent: Extent): void {
    this.#next = extent.end
    this.#position = extent.position + extent.bytes
    this.#cursor.enter(extent)
  }

  keep(rest: Fetched[]): void {
    const [first] = rest
    if (first !== undefined) this.#ahead = { from: first.extent.first, fetched: Promise.resolve(rest) }
  }

  /** Fetches what comes next before it is asked for. */
  begin(maxBytes: number): void {
    if (this.#ahead?.from === this.#next || this.atEnd) return
    letGo(this.#ahead?.fetched)
    const fetched = this.#source.fetch(this.#next, maxBytes)
    fetched.catch(ignored) // whoever reads it has the error
    this.#ahead = { from: this.#next, fetched }
  }

  /** The cursor is ahead where it passed what an earlier life deleted: some of that may still lie in the store. */
  #skipPassed(): void {
    const { batch, position } = this.#cursor.record
    if (batch > this.#next) [this.#next, this.#position] = [batch, position]
  }
}

export function releaseAll(fetched: readonly Fetched[] | undefined): void {
  for (const { batch } of fetched ?? []) batch?.memory?.release()
}

function letGo(fetched: Promise<Fetched[] | undefined> | undefined): void {
  void fetched?.then(releaseAll, ignored)
}

function ignored(): undefined {
  return undefined
}
