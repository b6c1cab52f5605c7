import type { RelayError } from '../../core/errors.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import type { RequestDocuments } from './request-documents.ts'
import { RequestRun, type RunContext } from './request-run.ts'

/** Acknowledgements that are waited for, at most: then nothing more is sent. Their documents are numbers here, the bytes lie in the queue. */
const maxUnacknowledged = 1024

/** The requests that are in flight, and those that wait for an acknowledgement. They are begun in the order in which they come. */
export class RequestsInHand {
  readonly #context: RunContext
  readonly #runs = new Set<RequestRun>()
  readonly #onRoom: () => void
  #begun: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()

  /** `onRoom` is called whenever one has left. */
  constructor(context: Omit<RunContext, 'onChange'>, onRoom: () => void) {
    this.#context = { ...context, onChange: (run) => this.#onChange(run) }
    this.#onRoom = onRoom
  }

  get empty(): boolean {
    return this.#runs.size === 0
  }

  /** Whether another may be begun. */
  get room(): boolean {
    let sending = 0
    let unacknowledged = 0
    for (const run of this.#runs) {
      if (run.sending) sending++
      unacknowledged += run.unacknowledged
    }
    return sending < this.#context.pace.requestsInFlight && unacknowledged < maxUnacknowledged
  }

  begin(documents: RequestDocuments): void {
    const run = new RequestRun(documents, this.#context)
    this.#runs.add(run)
    void run.run(this.#begun)
    this.#begun = run.begun
  }

  /** Those for which `which` holds, all by default. */
  abort(error: RelayError, which: (documents: RequestDocuments) => boolean = () => true): void {
    for (const run of [...this.#runs]) if (which(run.documents)) run.abort(error)
  }

  /** Resolves when there is none, or when the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    while (!this.empty && !signal.aborted) await untilAbort(this.#changed.promise, signal)
  }

  #onChange(run: RequestRun): void {
    if (run.done) this.#runs.delete(run)
    this.#onRoom()
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
