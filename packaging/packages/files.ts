import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A file of a package. Paths begin with `/`. */
export interface PackageFile {
  readonly path: string
  /** What it holds, or where it is copied from, or what it links to. */
  readonly content: { readonly text: string } | { readonly bytes: Uint8Array } | { readonly from: string } | { readonly link: string }
  readonly executable?: boolean
  /** The administrator's own: an upgrade leaves what was changed. */
  readonly configuration?: boolean
}

/** As the same bytes every time: the header of a gzip would have the time. */
export function compressed(text: string): { readonly bytes: Uint8Array } {
  return { bytes: gzipSync(text, { level: 9 }) }
}

/** Lays the files out below `directory`, with the modes that a package wants: whoever builds it may have any umask. */
export function layOut(files: readonly PackageFile[], directory: string): void {
  const before = process.umask(0o022)
  try {
    for (const file of files) put(file, join(directory, file.path))
  } finally {
    process.umask(before)
  }
}

function put({ content, executable = false }: PackageFile, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  if ('link' in content) symlinkSync(content.link, to)
  else {
    if ('from' in content) copyFileSync(content.from, to)
    else writeFileSync(to, 'text' in content ? content.text : content.bytes)
    chmodSync(to, executable ? 0o755 : 0o644)
  }
}
