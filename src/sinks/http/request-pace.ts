const kibibyte = 1024
const firstBytes = 1024 * kibibyte
/** A receiver that is slow all the same is not slow because of the size. */
const leastBytes = 64 * kibibyte
const firstInFlight = 2
/** Answers that come faster leave room for larger requests, and slower ones ask for smaller. */
const quickMs = 1000
const slowMs = 5000
/** How much of a size that was refused is tried next. */
const belowRefused = 3 / 4
/** So many answers after a refusal its limit is taken to have moved up by a quarter: configurations change. */
const forgetAfterAnswers = 2000

export interface PaceLimits {
  readonly maxRequestBytes: number
  readonly maxInFlight: number
  /** A request that is not answered by then is given up. */
  readonly timeoutMs: number
}

/** A request that was answered; times of one clock in milliseconds. */
export interface Answered {
  /** Of the body before compression. */
  readonly bytes: number
  readonly begunMs: number
  readonly nowMs: number
}

/**
 * How large requests are and how many are in flight at a time, learnt from the answers. The size grows while requests of it are
 * answered quickly and shrinks when they take long; a size that was refused as too large is remembered. The number in flight
 * grows by one for each round of good answers. Both halve when the receiver is busy or does not answer in time. Pure: it is told what happened.
 */
export class RequestPace {
  readonly #limits: PaceLimits
  #bytes: number
  #inFlight: number
  /** The smallest size that was refused. */
  #refusedBytes = Number.POSITIVE_INFINITY
  #answersSinceRefused = 0
  /** Good answers since `#inFlight` changed. */
  #goodAnswers = 0
  #busySinceMs = Number.NEGATIVE_INFINITY

  constructor(limits: PaceLimits) {
    this.#limits = limits
    this.#bytes = Math.min(firstBytes, limits.maxRequestBytes)
    this.#inFlight = Math.min(firstInFlight, limits.maxInFlight)
  }

  /** Bytes of a body before compression, at most; a single document may be larger. */
  get requestBytes(): number {
    return this.#bytes
  }

  get requestsInFlight(): number {
    return this.#inFlight
  }

  /** Whether a body of this size need not be sent to know that it is refused. */
  isTooLarge(bytes: number): boolean {
    return bytes >= this.#refusedBytes
  }

  /** The receiver took a request, whatever it said of its documents. */
  answered({ bytes, begunMs, nowMs }: Answered): void {
    const tookMs = Math.max(1, nowMs - begunMs)
    this.#checkRefusal(bytes)
    // Only where the size was made use of it is what made the answer quick or slow. Sizes are of the request itself, so that several
    // that were in flight together do not multiply.
    if (bytes * 2 > this.#bytes) {
      if (tookMs < quickMs) this.#bytes = Math.max(this.#bytes, this.#cap(bytes * Math.min(2, Math.max(1.25, quickMs / 2 / tookMs))))
      else if (tookMs > slowMs) this.#bytes = Math.min(this.#bytes, Math.max(leastBytes, bytes * Math.max(0.5, slowMs / tookMs)))
      this.#bytes = Math.floor(this.#bytes)
    }
    // Nor does one that was in flight when the receiver was busy say that it is not any more.
    if (tookMs > slowMs || begunMs < this.#busySinceMs || ++this.#goodAnswers < this.#inFlight) return
    this.#goodAnswers = 0
    this.#inFlight = Math.min(this.#limits.maxInFlight, this.#inFlight + 1)
  }

  /** The receiver has too much to do. What was in flight together says so once. */
  busy({ begunMs, nowMs }: Answered): void {
    if (begunMs < this.#busySinceMs) return
    this.#busySinceMs = nowMs
    this.#goodAnswers = 0
    this.#inFlight = Math.max(1, this.#inFlight >>> 1)
    this.#bytes = Math.min(this.#bytes, Math.max(leastBytes, this.#bytes >>> 1))
  }

  /** No answer came. After a long time it may have been the size, with which every try would take as long. */
  unanswered(request: Answered): void {
    if (request.nowMs - request.begunMs >= Math.min(slowMs, 0.9 * this.#limits.timeoutMs)) this.busy(request)
  }

  /** A body of this size, of more than one document, was refused because of its size. */
  tooLarge(bytes: number): void {
    this.#refusedBytes = Math.min(this.#refusedBytes, bytes)
    this.#answersSinceRefused = 0
    this.#bytes = Math.max(1, Math.min(this.#bytes, bytes >>> 1))
  }

  #checkRefusal(takenBytes: number): void {
    if (takenBytes >= this.#refusedBytes) {
      // Then it was not the size of the request, but that of a document in it.
      this.#refusedBytes = Number.POSITIVE_INFINITY
      this.#bytes = Math.max(this.#bytes, this.#cap(takenBytes))
    } else if (this.#refusedBytes !== Number.POSITIVE_INFINITY && ++this.#answersSinceRefused >= forgetAfterAnswers) {
      this.#answersSinceRefused = 0
      this.#refusedBytes *= 1.25
      if (this.#refusedBytes * belowRefused > this.#limits.maxRequestBytes) this.#refusedBytes = Number.POSITIVE_INFINITY
    }
  }

  #cap(bytes: number): number {
    return Math.min(bytes, this.#limits.maxRequestBytes, this.#refusedBytes * belowRefused)
  }
}
