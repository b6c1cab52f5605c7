import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectorySync } from './make-directory.ts'

/**
 * Makes a directory that nobody but this user (and root) can put anything into, with what is missing above it. Answers with why it is none: what
 * is loaded into this process from there would be somebody else's. `uid`: of this process.
 */
export function preparePrivateDirectory(path: string, uid: number): { readonly path: string } | { readonly wrong: string } {
  try {
    makeDirectorySync(path, 0o700)
    const real = realpathSync(path)
    const found = lstatSync(real)
    if (found.uid !== uid) return { wrong: `belongs to user ${found.uid}, and this is user ${uid}` }
    if (othersWrite(found)) return { wrong: `can be written by other users (mode ${octal(found)})` }
    for (let above = dirname(real); ; above = dirname(above)) {
      const wrong = wrongAbove(above, lstatSync(above), uid)
      if (wrong !== undefined) return { wrong }
      if (above === dirname(above)) return { path: real }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { wrong: code === 'EEXIST' ? 'is not a directory' : `cannot be made or read (${code ?? String(error)})` }
  }
}

/** Who can write to a directory above can put another one into the place of ours, unless it is sticky, as /tmp is. */
function wrongAbove(path: string, found: Stats, uid: number): string | undefined {
  if (found.uid !== uid && found.uid !== 0) return `lies in ${path}, which belongs to user ${found.uid}`
  const sticky = (found.mode & 0o1000) !== 0
  return othersWrite(found) && !sticky ? `lies in ${path}, which other users can write to (mode ${octal(found)})` : undefined
}

function othersWrite({ mode }: Stats): boolean {
  return (mode & 0o022) !== 0
}

function octal({ mode }: Stats): string {
  return (mode & 0o7777).toString(8)
}
