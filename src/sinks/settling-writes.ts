import type { TcpState } from '../native/tcp-state.ts'
import { Settlement } from './settlement.ts'

/** How often the kernel is asked while something is open. Every write asks as well. */
const lookEveryMs = 100
/** A peer that shows no open window for so long, with everything acknowledged and nothing that holds it up, shows none. */
const stuckMs = 10_000

interface Open {
  readonly bytes: number
  readonly settled: () => void
}

export interface SettlingContext {
  /** Undefined when the kernel does not tell. */
  readonly look: () => TcpState | undefined
  /** Something begins to be open, or nothing is any more. */
  readonly onOpen: (open: boolean) => void
  /** Writes were settled. */
  readonly onSettled: () => void
  /** The window does not tell of what is open, and nothing suggests that it will: at each look while that is so. */
  readonly onStuck: () => void
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number
}

/** What was written to one connection and is not settled, in order, with the timer that looks after it. */
export class SettlingWrites {
  readonly #context: SettlingContext
  readonly #settlement = new Settlement()
  readonly #now: () => number
  #open: Open[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  /** False: the kernel does not tell, and nothing here ever settles. */
  readonly works: boolean

  constructor(context: SettlingContext) {
    this.#context = context
    this.#now = context.now ?? (() => performance.now())
    this.works = this.look() !== undefined
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The kernel has all of a write now; `settled` is called when the peer's program can be taken to have read it. */
  add(bytes: number, settled: () => void): void {
    const state = this.#context.look()
    if (state === undefined) return // It died: whoever writes hears of it.
    this.#open.push({ bytes, settled })
    this.#bytes += bytes
    this.#settlement.written(state)
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.look(), lookEveryMs).unref()
      this.#context.onOpen(true)
    }
    this.#observe(state)
  }

  /** Asks the kernel now. */
  look(): TcpState | undefined {
    const state = this.#context.look()
    if (state !== undefined) this.#observe(state)
    return state
  }

  /** The peer's program is known to have read everything. */
  settleAll(): void {
    this.#settled(this.#open.length)
  }

  /** Nothing is looked after any more. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#open = []
    this.#bytes = 0
  }

  #observe(state: TcpState): void {
    const nowMs = this.#now()
    this.#settled(this.#settlement.observe({ ...state, nowMs }))
    const sinceMs = this.#settlement.oldestAckedAtMs
    if (state.unacked > 0 || sinceMs === undefined || nowMs - sinceMs < stuckMs) return
    this.#context.onStuck()
  }

  #settled(count: number): void {
    if (count === 0) return
    const settled = this.#open.splice(0, count)
    for (const { bytes } of settled) this.#bytes -= bytes
    if (this.#open.length === 0) {
      this.close()
      this.#context.onOpen(false)
    }
    for (const write of settled) write.settled()
    this.#context.onSettled()
  }
}
