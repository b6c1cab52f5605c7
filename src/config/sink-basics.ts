import { z } from 'zod'
import { retrySchema } from './retry-schema.ts'
import { size } from './units.ts'

export const sinkBasics = {
  retry: retrySchema.prefault({}).describe('Exponential back-off.'),
  max_batch_size: size()
    .default(2 ** 20)
    .describe('About how many bytes are sent at once.'),
  dead_letters: z
    .strictObject({
      max_messages: z.int().min(1).max(10_000_000).default(10_000).describe('So many are kept; then the oldest make room.'),
      max_size: size({ min: 2 ** 16 })
        .default(64 * 2 ** 20)
        .describe('About so many bytes of them are kept.'),
    })
    .prefault({})
    .describe('Messages that the sink refused for good, kept on disk: see `logrelay deadletter`.'),
}
