import { messagesOf } from '../../src/batch/messages.ts'
import type { Batch, Origin } from '../../src/core/batch.ts'
import type { SourceLetter } from '../../src/core/dead-letter.ts'
import type { AppendOptions, Checkpoint, DropReason, Intake, Receipt } from '../../src/core/intake.ts'

/** What a queue has on disk: it outlives the intakes that write it. */
export class S3Disk {
  readonly texts: string[] = []
  readonly origins: Origin[] = []
  /** Messages of each batch. */
  readonly batches: number[] = []
  readonly checkpoints = new Map<string, Uint8Array>()
  readonly letters: SourceLetter[] = []
  readonly drops: Partial<Record<DropReason, number>> = {}
}

/** An intake with checkpoints and dead letters, for one run of a source: `kill` is the end of its process, after which nothing is written. */
export class S3Intake implements Intake {
  readonly disk: S3Disk
  refusals = 0
  #killed = false
  #full = false
  #waiters: (() => void)[] = []
  #rooms: (() => void)[] = []
  /** Called after each batch. */
  onBatch: () => void = () => undefined

  constructor(disk = new S3Disk()) {
    this.disk = disk
  }

  append(batch: Batch, { checkpoint }: AppendOptions = {}): Receipt | 'full' {
    if (this.#killed) {
      const never = new Promise<void>(() => undefined)
      return { stored: never, durable: () => never }
    }
    if (this.#full) {
      this.refusals++
      this.#changed()
      return 'full'
    }
    for (const { bytes, origin } of messagesOf(batch)) {
      this.disk.texts.push(bytes.toString('latin1'))
      this.disk.origins.push(origin)
    }
    if (batch.ends.length > 0) this.disk.batches.push(batch.ends.length)
    this.#keep(checkpoint)
    this.#changed()
    this.onBatch()
    const stored = this.#killed ? new Promise<void>(() => undefined) : Promise.resolve()
    return { stored, durable: () => stored }
  }

  async deadLetter(letter: SourceLetter, checkpoint?: Checkpoint): Promise<void> {
    if (this.#killed) return await new Promise(() => undefined)
    this.disk.letters.push(letter)
    this.#keep(checkpoint)
    this.#changed()
  }

  drop(reason: DropReason, _transport: string, messages: number): void {
    if (messages > 0) this.disk.drops[reason] = (this.disk.drops[reason] ?? 0) + messages
  }

  async checkpoint(key: string): Promise<Uint8Array | undefined> {
    return this.disk.checkpoints.get(key)
  }

  room(signal: AbortSignal): Promise<void> {
    if (!this.#full || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#rooms.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  fill(): void {
    this.#full = true
  }

  empty(): void {
    this.#full = false
    for (const resolve of this.#rooms.splice(0)) resolve()
  }

  kill(): void {
    this.#killed = true
  }

  /** Resolves when the condition is true; looked at after every change. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  #keep(checkpoint: Checkpoint | undefined): void {
    if (checkpoint !== undefined) this.disk.checkpoints.set(checkpoint.key, checkpoint.value)
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
