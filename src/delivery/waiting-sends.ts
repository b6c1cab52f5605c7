import type { Member } from './member.ts'

interface Waiting {
  readonly tried: readonly Member[]
  readonly resolve: (member: Member | undefined) => void
}

/** Sends that wait for an endpoint, the oldest first. */
export class WaitingSends {
  #list: Waiting[] = []

  get some(): boolean {
    return this.#list.length > 0
  }

  /** Resolves with a member, or with undefined when there is none to wait for any more, or when the signal aborts. */
  wait(tried: readonly Member[], signal: AbortSignal): Promise<Member | undefined> {
    return new Promise((done) => {
      const waiting: Waiting = {
        tried,
        resolve: (member) => {
          signal.removeEventListener('abort', abort)
          done(member)
        },
      }
      const abort = () => {
        this.#list = this.#list.filter((other) => other !== waiting)
        waiting.resolve(undefined)
      }
      this.#list.push(waiting)
      signal.addEventListener('abort', abort)
    })
  }

  /** Asks for each of them what it gets: a member, `waits`, or undefined when waiting is of no use. */
  serve(memberFor: (tried: readonly Member[]) => Member | 'waits' | undefined): void {
    this.#list = this.#list.filter(({ tried, resolve }) => {
      const answer = memberFor(tried)
      if (answer === 'waits') return true
      resolve(answer)
      return false
    })
  }
}
