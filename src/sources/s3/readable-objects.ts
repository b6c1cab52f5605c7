import type { ObjectRef } from '../../protocols/s3/object-progress.ts'
import type { Bucket } from './bucket.ts'
import { objectFailure } from './object-failures.ts'
import { ObjectJob } from './object-job.ts'
import { objectBytes } from './object-stream.ts'

/** Some may be denied by now, or gone. */
const maxKept = 3
/** Of an object that is asked for only to see whether it can be read; bytes as they are stored. */
const enoughBytes = 65_536

/** The objects that were read last: whether one of them still can be tells an object that cannot be read from a bucket that cannot. */
export class ReadableObjects {
  readonly #bucket: Bucket
  /** The last comes first. */
  #last: readonly ObjectRef[] = []

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  add(object: ObjectRef): void {
    this.#last = [object, ...this.#without(object.key)].slice(0, maxKept)
  }

  /** Whether one with another key can be read now. */
  async anyBeside(key: string, signal: AbortSignal): Promise<boolean> {
    for (const other of this.#without(key)) {
      const job = new ObjectJob(other)
      try {
        await this.#readSome(job, signal)
        return true
      } catch (error) {
        const { scope } = objectFailure(error, job)
        // Gone, or another one by now: it tells nothing any more.
        if (scope === 'object' || scope === 'replaced') this.#last = this.#without(other.key)
      }
    }
    return false
  }

  /** No HEAD: it tells nothing of the key that an object is encrypted with, nor of a network that bodies do not come through. */
  async #readSome(job: ObjectJob, signal: AbortSignal): Promise<void> {
    let bytes = 0
    const received = (length: number) => {
      bytes += length
    }
    for await (const _piece of objectBytes(this.#bucket, job, { signal, received })) if (bytes >= enoughBytes) return
  }

  #without(key: string): readonly ObjectRef[] {
    return this.#last.filter((object) => object.key !== key)
  }
}
