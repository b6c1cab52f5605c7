import { messagesOf } from '../../src/batch/messages.ts'
import type { Batch, Origin, Transport } from '../../src/core/batch.ts'
import type { SourceLetter } from '../../src/core/dead-letter.ts'
import type { AppendOptions, Checkpoint, DropReason, Intake, Receipt } from '../../src/core/intake.ts'

export interface TakenMessage {
  readonly text: string
  readonly flags: number
  readonly origin: Origin
  readonly receivedAtMs: number
}

/** An intake in memory. `fill` makes it refuse all but a stopping source's last batch, `jam` even that, `hold` takes but stores only on `store()`; every change wakes `until`. */
export class FakeIntake implements Intake {
  readonly batches: Batch[] = []
  readonly messages: TakenMessage[] = []
  readonly letters: SourceLetter[] = []
  /** Of batches that were taken and of letters, by key. */
  readonly checkpoints = new Map<string, Uint8Array>()
  readonly drops: Partial<Record<DropReason, number>> = {}
  readonly dropsByTransport: Partial<Record<Transport, number>> = {}
  /** Batches refused with `full`. */
  refusals = 0
  /** Set to make `append` throw. */
  failure: Error | undefined
  #full = false
  #jammed = false
  #hold = false
  #unstored: (() => void)[] = []
  #waiters: (() => void)[] = []
  #rooms: (() => void)[] = []

  get texts(): string[] {
    return this.messages.map(({ text }) => text)
  }

  get unstored(): number {
    return this.#unstored.length
  }

  append(batch: Batch, { checkpoint, last = false }: AppendOptions = {}): Receipt | 'full' {
    if (this.failure !== undefined) throw this.failure
    if (this.#jammed || (this.#full && !last)) {
      this.refusals++
      this.#changed()
      return 'full'
    }
    this.batches.push(batch)
    if (checkpoint !== undefined) this.checkpoints.set(checkpoint.key, checkpoint.value)
    for (const { bytes, flags, origin, receivedAtMs } of messagesOf(batch)) {
      this.messages.push({ text: bytes.toString('latin1'), flags, origin, receivedAtMs })
    }
    const stored = this.#hold ? new Promise<void>((resolve) => this.#unstored.push(resolve)) : Promise.resolve()
    this.#changed()
    return { stored, durable: () => stored }
  }

  drop(reason: DropReason, transport: Transport, messages: number): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + messages
    this.dropsByTransport[transport] = (this.dropsByTransport[transport] ?? 0) + messages
    this.#changed()
  }

  async checkpoint(key: string): Promise<Uint8Array | undefined> {
    return this.checkpoints.get(key)
  }

  async deadLetter(letter: SourceLetter, checkpoint?: Checkpoint): Promise<void> {
    this.letters.push(letter)
    if (checkpoint !== undefined) this.checkpoints.set(checkpoint.key, checkpoint.value)
    this.#changed()
  }

  room(signal: AbortSignal): Promise<void> {
    if (!(this.#full || this.#jammed) || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#rooms.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  fill(): void {
    this.#full = true
  }

  jam(): void {
    this.#jammed = true
  }

  empty(): void {
    this.#full = false
    this.#jammed = false
    for (const resolve of this.#rooms.splice(0)) resolve()
  }

  hold(): void {
    this.#hold = true
  }

  /** Stores everything taken so far and no longer holds. */
  store(): void {
    this.#hold = false
    for (const resolve of this.#unstored.splice(0)) resolve()
  }

  /** Resolves when the condition is true; looked at after every change. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  received(count: number): Promise<void> {
    return this.until(() => this.messages.length >= count)
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
