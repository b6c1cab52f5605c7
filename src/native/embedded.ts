import { getAsset, getRawAsset, isSea } from 'node:sea'

/** Whether this process is the single executable, which carries what a checkout has as files (docs/architecture.md, the single executable). */
export const isEmbedded: boolean = isSea()

/** What the build wrote about itself. */
export interface BuildManifest {
  readonly version: string
  /** The first twelve digits of its hash; `-dirty` behind them where the tree had changes of its own. */
  readonly commit: string
  /** SHA-256 of each addon, as hex. */
  readonly addons: Readonly<Record<string, string>>
}

let manifest: BuildManifest | undefined

/** Of the single executable alone. */
export function buildManifest(): BuildManifest {
  manifest ??= JSON.parse(getAsset('build.json', 'utf8')) as BuildManifest
  return manifest
}

/** Bytes of something that the single executable carries: good to read, never to be written. */
export function embeddedBytes(name: string): Uint8Array {
  return new Uint8Array(getRawAsset(name))
}

/** What a `Worker` takes. */
export interface ThreadCode {
  readonly code: string | URL
  readonly eval: boolean
}

/**
 * The code of a thread: the file `name` beside the caller's (`from` is its `import.meta.url`), whether that runs as it was written or was
 * built; in the single executable what was bundled from it.
 */
export function threadCode(name: string, from: string): ThreadCode {
  if (isEmbedded) return { code: getAsset(`${name}.js`, 'utf8'), eval: true }
  // The build does not rewrite the name: as the caller's file is, so is its neighbour.
  return { code: new URL(`./${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from), eval: false }
}
