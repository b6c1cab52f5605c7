import type { Sample } from './sample.ts'

/** The fields that `perf script -F` has to print. */
export const perfFields = 'comm,tid,period,ip,sym,dso'

/**
 * Reads what `perf script` prints (man perf-script): for each sample a line `comm tid period:`, then a line for each frame, an
 * address, a symbol and a library in parentheses, and an empty line.
 */
export function parsePerfScript(text: string): Sample[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const [head = '', ...frames] = block.split('\n').filter((line) => line.trim() !== '')
    // A thread's name may hold spaces and digits.
    const found = /^\s*(.+?)\s+\d+\s+(\d+)\s*:?\s*$/.exec(head)
    if (found === null) return []
    return [{ thread: found[1] as string, weight: Number(found[2]), frames: frames.map(nameOf) }]
  })
}

/** Symbol and library, without the address. */
function nameOf(line: string): string {
  return line.trim().replace(/^[0-9a-f]+\s+/, '')
}
