import type { Target } from '../binary/targets.ts'
import { addonComponents } from './addon-components.ts'
import { npmComponents } from './npm-components.ts'
import { runtimeComponents } from './runtime-components.ts'

/** Something of others that is inside the single executable. */
export interface Component {
  /** A library, where nothing else is said. */
  readonly kind?: 'runtime'
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly licence: string
  /** The whole text that has to go with it, notices included. */
  readonly licenceText: string
  /** Package URL: names it for whoever looks for its vulnerabilities. Of no other component. */
  readonly purl: string
  /** The name under which the National Vulnerability Database knows it, where that does not follow from the purl. */
  readonly cpe?: string
  /** As in package-lock.json: `sha512-` and base64, of the archive that it came in. */
  readonly integrity?: string
  /** Its file, where it goes in as one. SHA-256 as hex. */
  readonly file?: { readonly name: string; readonly sha256: string }
  /** The purl of the component that it was compiled into. */
  readonly within?: string
}

/**
 * All that is inside, sorted by purl: the npm packages of which files went into the bundle (`metafile` is esbuild's), the runtime with its libraries,
 * the two addons with theirs. Throws where a licence is not known, or its text is missing.
 */
export function componentsOf(metafile: { readonly inputs: Readonly<Record<string, unknown>> }, target: Target): Component[] {
  const found = [...npmComponents(Object.keys(metafile.inputs)), ...runtimeComponents(target), ...addonComponents(target)]
  const byPurl = new Map<string, Component>()
  // A package whose scripts were bundled and whose addon is loaded comes twice: the later one says more.
  for (const component of found) byPurl.set(component.purl, component)
  return [...byPurl.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1))
}
