import type { Intake } from '../../core/intake.ts'
import { objectId } from '../../protocols/s3/object-id.ts'
import { decodeProgress, further, type ObjectProgress } from '../../protocols/s3/object-progress.ts'
import { untilAbort } from '../../retry/until-abort.ts'
import { nothing } from './object-reading.ts'
import type { ReadObjects } from './read-objects.ts'

/** As many as `concurrency` may ever have had workers. */
const maxSlots = 64

export function slotName(worker: number): string {
  return `s3/${worker}`
}

/**
 * Moves what the checkpoints in the queue tell to what the source remembers, so that every worker can begin with an empty one. Answers
 * which slots are to be emptied. Nothing is lost when that is interrupted: the next start does it again.
 */
export async function takeOverSlots(intake: Intake, read: ReadObjects): Promise<string[]> {
  const names = Array.from({ length: maxSlots }, (_, i) => slotName(i))
  const used: string[] = []
  for (const name of names) {
    const value = await intake.checkpoint(name)
    if (value === undefined || value.length === 0) continue
    used.push(name)
    const progress = decodeProgress(value)
    if (progress !== undefined) await takeOver(progress, read)
  }
  return used
}

async function takeOver(progress: ObjectProgress, read: ReadObjects): Promise<void> {
  const { bucket, key, etag } = progress.object
  const id = objectId(bucket, key, etag)
  const parked = await read.parkedProgress(id)
  // It was a dead letter since, and somebody wants it tried again.
  if ((parked?.again ?? 0) > (progress.again ?? 0)) return
  if (parked === undefined) {
    // Behind the horizon all is read, but no longer remembered one by one: another worker has finished what this one began.
    if (progress.object.modifiedS < (read.scope?.horizonS ?? 0)) return
    if ((await read.known([id])).has(id)) return
  }
  const resume = further(parked?.resume, progress.resume)
  const tries = Math.max(parked?.tries ?? 0, progress.tries)
  // Another slot may tell of it from before it was done.
  const done = progress.done || (parked?.done === true && parked.again === progress.again)
  await read.park(id, { ...progress, ...(resume && { resume }), tries, done })
}

/** Waits until the queue takes it, or the signal aborts. */
export async function emptySlots(names: readonly string[], intake: Intake, signal: AbortSignal): Promise<void> {
  for (const key of names) {
    while (!signal.aborted) {
      const receipt = intake.append(nothing, { checkpoint: { key, value: new Uint8Array(0) } })
      if (receipt !== 'full') {
        await untilAbort(receipt.durable(), signal)
        break
      }
      await intake.room(signal)
    }
  }
}
