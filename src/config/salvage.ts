import type { ConfigPath } from './problems.ts'
import { type Config, configSchema } from './schema.ts'
import { child } from './schema-walk.ts'

/** Each round removes every mistake that shows; removing a wrong value may show that it was needed. */
const maxRounds = 20

/**
 * The configuration without its mistakes: unknown keys and wrong values are left out, and a sink or pipeline that misses
 * something is left out whole. Only for finding further mistakes. Undefined when too little is left.
 */
export function salvage(value: unknown): Config | undefined {
  const rest: unknown = structuredClone(value)
  for (let round = 0; round < maxRounds; round++) {
    const result = configSchema.safeParse(rest)
    if (result.success) return result.data
    const paths = result.error.issues.flatMap((issue): ConfigPath[] => {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
      return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
    })
    // Found before any is removed: what one mistake takes away is not missing for the next.
    const targets = paths.map((path) => removable(rest, path))
    for (const target of targets) {
      if (target.length === 0) return undefined
      const parent = target.slice(0, -1).reduce(child, rest)
      if (typeof parent === 'object' && parent !== null) delete (parent as Record<string, unknown>)[String(target.at(-1))]
    }
  }
  return undefined
}

/** What has to go for a mistake at `path`: the value there, or the section that misses it. A list with a gap goes in the next round. */
function removable(root: unknown, path: ConfigPath): ConfigPath {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = path.slice(0, depth - 1).reduce(child, root)
    if (child(parent, path[depth - 1] as string) !== undefined) return path.slice(0, depth)
  }
  return []
}
