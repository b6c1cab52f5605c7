import { parseArgs } from 'node:util'
import { buildTargets } from './build-targets.ts'
import { targets } from './targets.ts'

/** `npm run build:binary`: see `buildTargets`. `--target NAME` builds that one alone. */
const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } })
const chosen = targets.filter((target) => values.target?.includes(target) ?? true)
if (chosen.length === 0) throw new Error(`no such target; there are ${targets.join(' and ')}`)
await buildTargets(chosen)
