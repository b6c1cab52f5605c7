import type { Sample } from './sample.ts'

/** A part of the .cpuprofile that V8 writes: a tree of functions, which of them ran at each sample, and the microseconds between. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

// Nothing ran.
const idle = '(idle)'

/** Only JavaScript threads: what the kernel and the thread pool do is not in it. */
export function readCpuProfile(profile: CpuProfile, thread: string): Sample[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const framesOf = (id: number): string[] => {
    const node = nodes.get(id)
    if (node === undefined) return []
    const { functionName, url } = node.callFrame
    const parent = parents.get(id)
    return [`${functionName || '(anonymous)'} (${url})`, ...(parent === undefined ? [] : framesOf(parent))]
  }
  return profile.samples.flatMap((id, i) => {
    const frames = framesOf(id)
    if (frames.length === 0 || frames[0]?.startsWith(idle)) return []
    return [{ thread, frames, weight: Math.max(0, profile.timeDeltas[i] ?? 0) }]
  })
}
