/** Tries after which a document is rejected although nothing shows that it is at fault, and to how many that grows. */
const fewestTries = 3
const mostTries = 12
/** Documents that are remembered; the oldest make room. */
const mostRemembered = 1024

interface Doubt {
  readonly tries: number
  /** How often the endpoint had delivered by then. */
  readonly deliveries: number
}

/**
 * Whether documents that were refused alone, without another to compare them with in the same request, are bad, or the endpoint is:
 * wrongly configured, it refuses everything, and every message would become a dead letter. On the other hand no document may
 * hold up the queue for ever. So such a document is to be sent again, with a back-off, until one of these holds:
 *
 * 1. It was a request of its own, and the endpoint has delivered something since this rule was used or a doubt was raised. A bad
 *    document now and then costs no pause, and an endpoint that begins to refuse everything turns one message into a dead letter.
 * 2. It was refused before, and the endpoint has delivered others in between.
 * 3. It was refused three times. As long as nothing is delivered at all, that becomes 6 times for the next, and 12 from then on: with the
 *    back-off, some messages every twenty minutes.
 *
 * Pure: it is told what was delivered and what is in doubt.
 */
export class RefusalDoubts {
  /** By the document's name, oldest first. */
  readonly #doubts = new Map<string, Doubt>()
  #deliveries = 0
  #trusted = false
  #triesNeeded = fewestTries

  /** The endpoint has delivered documents. */
  delivered(): void {
    this.#deliveries++
    this.#trusted = true
    this.#triesNeeded = fewestTries
  }

  /**
   * Which of these documents of one request, refused alone, are bad; the rest is to be sent again. `alone`: the request had no other.
   * `most`: so many at most by the third rule.
   */
  judge(names: readonly string[], alone: boolean, most = names.length): boolean[] {
    const trusted = this.#trusted
    this.#trusted = false
    if (alone && trusted) return names.map(() => true)
    let tired = 0
    const bad = names.map((name) => {
      const before = this.#doubts.get(name)
      this.#doubts.delete(name)
      const tries = (before?.tries ?? 0) + 1
      if (before !== undefined && before.deliveries !== this.#deliveries) return true
      if (tries < this.#triesNeeded || tired === most) {
        this.#remember(name, { tries, deliveries: this.#deliveries })
        return false
      }
      tired++
      return true
    })
    if (tired > 0) this.#triesNeeded = Math.min(mostTries, this.#triesNeeded * 2)
    return bad
  }

  #remember(name: string, doubt: Doubt): void {
    this.#doubts.set(name, doubt)
    if (this.#doubts.size <= mostRemembered) return
    for (const oldest of this.#doubts.keys()) {
      this.#doubts.delete(oldest)
      return
    }
  }
}
