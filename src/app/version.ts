import { readFileSync } from 'node:fs'
import { buildManifest, isEmbedded } from '../native/embedded.ts'

/** The package's version, and the commit that the single executable was built from. */
export interface Build {
  readonly version: string
  readonly commit?: string
}

export const build: Build = isEmbedded ? buildManifest() : fromPackage()

export const { version } = build

/** The file is found from src/app as from dist/app. */
function fromPackage(): Build {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return { version }
}
