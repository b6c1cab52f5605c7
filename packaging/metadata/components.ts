import type { Target } from '../binary/targets.ts'
import { addonComponents } from './addon-components.ts'
import type { Component } from './component.ts'
import { npmComponents } from './npm-components.ts'
import { runtimeComponents } from './runtime-components.ts'

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
