import type { StoredBatch } from '../../src/core/batch.ts'
import type { RelayError } from '../../src/core/errors.ts'
import type { EndpointSink, EndpointStatus, Outcome } from '../../src/core/sink.ts'

/** A sink that answers as told, and delivers everything when it was told nothing. */
export class ScriptedSink implements EndpointSink {
  readonly name: string
  readonly answers: (Outcome | Promise<Outcome> | ((batch: StoredBatch, signal: AbortSignal) => Promise<Outcome>))[] = []
  readonly sent: StoredBatch[] = []
  readonly calls: string[] = []
  /** What a flush brings. */
  onFlush: () => void = () => {}
  readonly givenUp: RelayError[] = []
  /** What being given up brings: every open answer and fate is due. */
  onGiveUp: (reason: RelayError) => void = () => {}

  constructor(name: string) {
    this.name = name
  }

  async start(): Promise<void> {
    this.calls.push('start')
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
  }

  async send(batch: StoredBatch, signal: AbortSignal): Promise<Outcome> {
    this.sent.push(batch)
    const answer = this.answers.shift() ?? { delivered: batch.seqs, rejected: [] }
    return typeof answer === 'function' ? answer(batch, signal) : answer
  }

  async flush(): Promise<void> {
    this.calls.push('flush')
    this.onFlush()
  }

  giveUp(reason: RelayError): void {
    this.givenUp.push(reason)
    this.onGiveUp(reason)
  }

  endpoints(): readonly EndpointStatus[] {
    return [{ endpoint: this.name, state: 'connected' }]
  }
}
