import type { Config } from '../config/schema.ts'
import { lifecycleWarning } from '../sources/s3/lifecycle-warning.ts'

/** A bucket that does not answer is not waited for any longer. */
const patienceMs = 10_000

export interface BucketWarning {
  readonly pipeline: string
  readonly message: string
}

/** Asks the buckets of sources with an `rpo` whether they keep their objects so long. */
export async function bucketWarnings({ pipelines }: Config): Promise<BucketWarning[]> {
  const signal = AbortSignal.timeout(patienceMs)
  const asked = Object.entries(pipelines).map(async ([pipeline, { source }]): Promise<BucketWarning[]> => {
    const message = source.type === 's3' && source.rpo > 0 ? await lifecycleWarning(source, signal) : undefined
    return message === undefined ? [] : [{ pipeline, message }]
  })
  return (await Promise.all(asked)).flat()
}
