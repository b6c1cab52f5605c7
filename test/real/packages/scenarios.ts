import type { Scenario } from '../support/scenario.ts'
import { scenarios as binary } from './binary.ts'
import { scenarios as doctor } from './doctor.ts'
import { scenarios as install } from './install.ts'
import { scenarios as manual } from './manual.ts'
import { scenarios as serviceLife } from './service-life.ts'
import { scenarios as upgrade } from './upgrade.ts'

export const scenarios: readonly Scenario[] = [...binary, ...install, ...doctor, ...serviceLife, ...upgrade, ...manual]
