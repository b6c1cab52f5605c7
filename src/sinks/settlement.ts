import type { TcpState } from '../native/tcp-state.ts'

const mebibyte = 2 ** 20

/** How long the window must have been open after an acknowledgement. Below a second, so that the answer to the first keep-alive probe counts. */
const settleMs = 750
/** As wide as ever: a kernel rounds, and a window that was read empty has been seen to rest at 0.86 of its widest. */
const wideShare = 3 / 4
/** What a window that was read empty may be narrower by than it was before the writes that are open. */
const roundingShare = 1 / 64
/** After so long it is taken to rest where it is: a receiver that hangs for longer may then hide a quarter of its window. */
const patienceMs = 10_000
/** What no window shows of some buffers (see `bufferBound`). */
const hiddenBytes = 4 * mebibyte

/** One look at a connection. */
export interface Observation extends TcpState {
  /** Of a clock that never goes back. */
  readonly nowMs: number
}

interface Written {
  /** Where it ends on the wire, in acknowledged bytes. */
  readonly end: number
  /** When it was first seen to be acknowledged. */
  ackedAtMs: number | undefined
  /** The window that was seen last before it. */
  readonly window: number
}

/**
 * Decides which of the writes to a peer that acknowledges nothing itself can be taken to have been read by its program. TCP's
 * acknowledgement only says that the peer's kernel has the bytes; what it still holds when the program dies is lost. Two
 * things are known about that kernel: it never holds more than its buffer, and its window is what is free of that buffer.
 *
 * A write is settled when it is acknowledged and
 * (a) acknowledged bytes after it and the window together are more than the buffer: it cannot be in there any more; or
 * (b) everything is acknowledged, the window is about as wide as it has ever been and as it was before the oldest open write, was not still
 *     growing, and the peer has said so `settleMs` after it had acknowledged the write. A program that works off its backlog shows as a window that grows; or
 * (c) it cannot be in the buffer any more by what the windows show of it, as in (a) but for the hidden bytes, and the peer has said so `settleMs` after it
 *     had acknowledged it, with no window wider meanwhile. A stream that never pauses, whose window is always narrower by what came last, is settled by that.
 *
 * Pure: it is told what was written and seen, and keeps no clock.
 */
export class Settlement {
  readonly #writes: Written[] = []
  /** How many of them, from the oldest on. */
  #acknowledged = 0
  #last: Observation | undefined
  /** The widest window ever seen. */
  #widest = 0
  #widenedAtMs = 0
  #grownAtMs = 0
  /** No window was wider than this, those between two looks included. */
  #wideBound = 0

  /** Everything that the kernel holds now was written before; what was written since the last call ends here. */
  written({ acked, unacked }: Pick<TcpState, 'acked' | 'unacked'>): void {
    this.#writes.push({ end: acked + unacked, ackedAtMs: undefined, window: this.#last?.window ?? 0 })
  }

  /** Answers how many of the writes, from the oldest on, are settled now; they are forgotten. */
  observe(seen: Observation): number {
    this.#measure(seen)
    this.#acknowledge(seen)
    const readUpTo = seen.acked + seen.window - bufferBound(seen.scale, this.#wideBound)
    const saidMs = seen.nowMs - seen.heardMsAgo - settleMs
    const openSinceMs = this.#isOpen(seen) && saidMs >= this.#grownAtMs ? saidMs : Number.NEGATIVE_INFINITY
    const shownSinceMs = saidMs >= this.#widenedAtMs ? saidMs : Number.NEGATIVE_INFINITY
    const shownUpTo = seen.acked + seen.window - 2 * this.#wideBound
    let settled = 0
    for (const { end, ackedAtMs } of this.#writes) {
      if (ackedAtMs === undefined) break
      if (end > readUpTo && ackedAtMs > openSinceMs && !(end < shownUpTo && ackedAtMs <= shownSinceMs)) break
      settled++
    }
    if (settled > 0) this.#writes.splice(0, settled)
    this.#acknowledged -= settled
    return settled
  }

  /** Since when the oldest open write is acknowledged. */
  get oldestAckedAtMs(): number | undefined {
    return this.#writes[0]?.ackedAtMs
  }

  #acknowledge({ nowMs, acked, unacked }: Observation): void {
    for (let write = this.#writes[this.#acknowledged]; write !== undefined; write = this.#writes[this.#acknowledged]) {
      // A position may lie a few bytes late: what is not in the kernel's queue any more is acknowledged all the same.
      if (write.end > acked && unacked > 0) return
      write.ackedAtMs = nowMs
      this.#acknowledged++
    }
  }

  /** As rule (b) has it, but for the time. */
  #isOpen({ nowMs, unacked, window }: Observation): boolean {
    return unacked === 0 && window >= this.#widest * wideShare && (this.#isBack(window) || this.#isStuck(nowMs))
  }

  /** As wide as before the oldest open write: what a program that hangs has not read lies in the difference. */
  #isBack(window: number): boolean {
    return window >= (this.#writes[0]?.window ?? 0) * (1 - roundingShare)
  }

  #isStuck(nowMs: number): boolean {
    return nowMs - (this.oldestAckedAtMs ?? nowMs) >= patienceMs
  }

  #measure(seen: Observation): void {
    // Without new bytes a window only grows because a backlog is being read.
    const last = this.#last
    const grown = last !== undefined && seen.acked === last.acked && seen.window > last.window
    if (seen.window > this.#widest) this.#widenedAtMs = seen.nowMs
    if (grown || seen.window > this.#widest) this.#grownAtMs = seen.nowMs
    this.#widest = Math.max(this.#widest, seen.window)
    // Between two looks the window's right edge only moved up to where it is now, from acknowledged bytes that were at least those of then.
    this.#wideBound = Math.max(this.#wideBound, seen.acked + seen.window - (last?.acked ?? seen.acked))
    this.#last = seen
  }
}

/**
 * More than a peer's kernel can hold unread. Its window scale is made from the largest buffer that its system allows
 * (RFC 7323 section 2.3; Linux: the larger of tcp_rmem's and rmem_max, which SO_RCVBUF doubles): that bounds it for certain, and is
 * often many times what is in use. By measurement, with programs that read slowly, in bursts, or not at all, a buffer is at
 * most half as much again as the widest window, but for buffers set by SO_RCVBUF after the connection was made: there a
 * window of 64 KiB stood before 6 MiB unread.
 */
export function bufferBound(scale: number, widestWindow: number): number {
  return Math.max(hiddenBytes, Math.min(2 * 65_536 * 2 ** scale, hiddenBytes + 2 * widestWindow))
}
