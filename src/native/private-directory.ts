import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectorySync } from './make-directory.ts'

/**
 * Makes a directory that nobody but this user (and root) can put anything into, with what is missing above it. Answers with why it is none: what
 * is loaded into this process from there would be somebody else's. `uid`: of this process.
 */
export function preparePrivateDirectory(path: string, uid: number): { readonly path: string } | { readonly wrong: string } {
  try {
    // Before anything is made: a home that is somebody else's, as under sudo, is left as it is.
    const above = nearest(path)
    const wrongAbove = above === path ? undefined : wrongFrom(realpathSync(above), uid)
    if (wrongAbove !== undefined) return { wrong: wrongAbove }
    makeDirectorySync(path, 0o700)
    const real = realpathSync(path)
    const found = lstatSync(real)
    if (found.uid !== uid) return { wrong: `belongs to user ${found.uid}, and this is user ${uid}` }
    if (othersWrite(found)) return { wrong: `can be written by other users (mode ${octal(found)})` }
    const wrong = wrongFrom(dirname(real), uid)
    return wrong === undefined ? { path: real } : { wrong }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { wrong: code === 'EEXIST' ? 'is not a directory' : `cannot be made or read (${code ?? String(error)})` }
  }
}

/** Whether nobody but this user and root can change the file, or put another one into its place. */
export function isOursAlone(path: string, uid: number): boolean {
  try {
    const real = realpathSync(path)
    const found = lstatSync(real)
    if ((found.uid !== uid && found.uid !== 0) || othersWrite(found)) return false
    return wrongFrom(dirname(real), uid) === undefined
  } catch {
    return false
  }
}

/** The directory itself, or the nearest one above it that is there. */
function nearest(path: string): string {
  const above = dirname(path)
  return above === path || statSync(path, { throwIfNoEntry: false }) !== undefined ? path : nearest(above)
}

/** What is wrong with a directory or one above it. */
function wrongFrom(directory: string, uid: number): string | undefined {
  const above = dirname(directory)
  const wrong = wrongWith(directory, lstatSync(directory), uid)
  return wrong !== undefined || above === directory ? wrong : wrongFrom(above, uid)
}

/** Who can write to a directory above can put another one into the place of ours, unless it is sticky, as /tmp is. */
function wrongWith(path: string, found: Stats, uid: number): string | undefined {
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
