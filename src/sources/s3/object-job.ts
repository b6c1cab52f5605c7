import type { ResumePoint } from '../../framing/objects/record-splitter.ts'
import { objectId } from '../../protocols/s3/object-id.ts'
import { further, type ObjectProgress, type ObjectRef } from '../../protocols/s3/object-progress.ts'

/** An object that is to be read, from the moment it is known until it is settled: read, or among the dead letters. */
export class ObjectJob {
  readonly object: ObjectRef
  readonly id: string
  resume: ResumePoint | undefined
  /** Compressed; undefined: nobody has looked. */
  packed: boolean | undefined
  tries: number
  /** All of it is in the queue. */
  done: boolean
  /** Above 0: it was a dead letter and is tried again, for the so manieth time. A claim that says done does not count then. */
  again: number
  /** It was ours before this start: a claim in our name is taken up at once. */
  ours = false
  readonly settled: Promise<void>
  #settle: () => void = () => undefined

  constructor(object: ObjectRef, { resume, packed, tries = 0, done = false, again = 0 }: Partial<ObjectProgress> = {}) {
    this.object = object
    this.id = objectId(object.bucket, object.key, object.etag)
    this.resume = resume
    this.packed = packed
    this.tries = tries
    this.done = done
    this.again = again
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  settle(): void {
    this.#settle()
  }

  /** Of two places where it may go on, both of which are in a queue, the further. */
  advance(resume: ResumePoint | undefined): void {
    this.resume = further(this.resume, resume)
  }

  progress(done = this.done): ObjectProgress {
    const { object, resume, packed, tries, again } = this
    return { object, ...(resume && { resume }), ...(packed !== undefined && { packed }), done, tries, ...(again > 0 && { again }) }
  }
}
