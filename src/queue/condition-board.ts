import type { QueueCondition } from '../core/queue.ts'
import { Notifier } from '../retry/notifier.ts'

/** `disk_refused`: a write found no room, whatever statfs says. */
type Trouble = Exclude<QueueCondition, 'open'> | 'disk_refused'
/** The one that is told when several hold. */
const gravest: readonly Trouble[] = ['closed', 'failed', 'disk_refused', 'disk_full', 'full']

/** Why a queue does not take messages, and who wants to hear of it. */
export class ConditionBoard {
  /** Something that `room` may wait for has changed. */
  readonly changed = new Notifier()
  #troubles = new Map<Trouble, string>([['closed', 'not started']])
  #listeners = new Set<(condition: QueueCondition) => void>()
  #told: QueueCondition = 'closed'
  readonly #notes = new Map<'repaired' | 'damaged', string>()

  get condition(): QueueCondition {
    const trouble = this.#gravest()
    return trouble === 'disk_refused' ? 'disk_full' : (trouble ?? 'open')
  }

  #gravest(): Trouble | undefined {
    return gravest.find((trouble) => this.#troubles.has(trouble))
  }

  /** Takes messages, or would if there were less in it. */
  get works(): boolean {
    const { condition } = this
    return condition === 'open' || condition === 'full'
  }

  has(trouble: Trouble): boolean {
    return this.#troubles.has(trouble)
  }

  set(trouble: Trouble, holds: boolean, why = ''): void {
    if (holds) this.#troubles.set(trouble, why)
    else this.#troubles.delete(trouble)
    const { condition } = this
    if (condition === this.#told) return
    this.#told = condition
    this.changed.notify()
    for (const listener of [...this.#listeners]) listener(condition)
  }

  /** What was repaired or found damaged: part of the detail for the rest of this life. */
  note(kind: 'repaired' | 'damaged', what: string): void {
    this.#notes.set(kind, what)
  }

  status(): { condition: QueueCondition; detail?: string } {
    const { condition } = this
    const trouble = this.#gravest()
    const why = trouble === undefined ? '' : (this.#troubles.get(trouble) ?? '')
    const detail = [why, ...this.#notes.values()].filter((text) => text !== '').join('; ')
    return detail === '' ? { condition } : { condition, detail }
  }

  listen(listener: (condition: QueueCondition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
