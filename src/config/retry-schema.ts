import { z } from 'zod'
import { duration } from './units.ts'

export const retrySchema = z.strictObject({
  initial: duration({ min: 1 }).default(1000).describe('First wait after a failure.'),
  max: duration({ min: 1 }).default(300_000).describe('Longest wait; each one is twice the last, with jitter.'),
})
