import type { Scenario } from '../support/scenario.ts'
import { scenarios as firstBoot } from './first-boot.ts'
import { scenarios as movedQueue } from './moved-queue.ts'
import { scenarios as sealedImage } from './sealed-image.ts'
import { scenarios as templates } from './templates.ts'

/** The images' templates: read by the real tools, and booted. */
export const scenarios: readonly Scenario[] = [...templates, ...firstBoot, ...movedQueue, ...sealedImage]
