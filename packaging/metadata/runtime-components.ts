import { type Target, targetFiles } from '../binary/targets.ts'
import type { Component } from './component.ts'
import { knownLicence } from './licence-texts.ts'
import { packageComponent } from './npm-components.ts'

/** What `process.versions` names, by its name there. Licences as in Node.js' own LICENSE file, which has all their texts. */
const libraries: Readonly<Record<string, { readonly name: string; readonly licence: string; readonly cpe?: string }>> = {
  acorn: { name: 'acorn', licence: 'MIT' },
  ada: { name: 'ada', licence: 'MIT' },
  amaro: { name: 'amaro', licence: 'MIT AND Apache-2.0' },
  ares: { name: 'c-ares', licence: 'MIT' },
  brotli: { name: 'brotli', licence: 'MIT' },
  icu: { name: 'icu', licence: 'Unicode-3.0' },
  llhttp: { name: 'llhttp', licence: 'MIT' },
  merve: { name: 'merve', licence: 'MIT' },
  nbytes: { name: 'nbytes', licence: 'MIT' },
  ncrypto: { name: 'ncrypto', licence: 'MIT' },
  nghttp2: { name: 'nghttp2', licence: 'MIT' },
  nghttp3: { name: 'nghttp3', licence: 'MIT' },
  ngtcp2: { name: 'ngtcp2', licence: 'MIT' },
  openssl: { name: 'openssl', licence: 'Apache-2.0', cpe: 'openssl:openssl' },
  simdjson: { name: 'simdjson', licence: 'Apache-2.0' },
  simdutf: { name: 'simdutf', licence: 'MIT' },
  // In the public domain; its authors ask for nothing but give a blessing.
  sqlite: { name: 'sqlite', licence: 'blessing', cpe: 'sqlite:sqlite' },
  undici: { name: 'undici', licence: 'MIT' },
  uv: { name: 'libuv', licence: 'MIT' },
  uvwasi: { name: 'uvwasi', licence: 'MIT' },
  v8: { name: 'v8', licence: 'BSD-3-Clause' },
  zlib: { name: 'zlib', licence: 'Zlib' },
  zstd: { name: 'zstd', licence: 'BSD-3-Clause' },
}

/** Of the same list, but no library: Node.js itself, versions of interfaces, and data that belongs to ICU. */
const others = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz'])

/**
 * The runtime of a target and the libraries inside it. What the latter are, only a runtime that runs can tell: this process has to be of the version
 * that goes in. Throws where it is not, or names a library that is not known here.
 */
export function runtimeComponents(target: Target, versions: Readonly<Record<string, string | undefined>> = process.versions): Component[] {
  const component = packageComponent(`node-${target}`, { name: 'node', path: targetFiles(target).node })
  if (versions.node !== component.version) {
    throw new Error(`this runs on Node.js ${versions.node}, and ${component.version} goes in: their libraries are others`)
  }
  const node: Component = { ...component, kind: 'runtime', cpe: cpe('nodejs:node.js', component.version) }
  return [node, ...librariesOf(node, versions)]
}

function librariesOf(node: Component, versions: Readonly<Record<string, string | undefined>>): Component[] {
  const found: Component[] = []
  for (const [key, version] of Object.entries(versions)) {
    // An empty one is of a library that was left out of this build.
    if (others.has(key) || version === undefined || version === '') continue
    const library = libraries[key]
    if (library === undefined) throw new Error(`Node.js ${node.version} has ${key} inside, which is not known here: what licence has it?`)
    found.push({
      name: library.name,
      version,
      licence: knownLicence(library.name, library.licence),
      licenceText: node.licenceText,
      purl: genericPurl(library.name, version),
      ...(library.cpe === undefined ? {} : { cpe: cpe(library.cpe, version) }),
      within: node.purl,
    })
  }
  return found
}

export function genericPurl(name: string, version: string): string {
  return `pkg:generic/${name}@${encodeURIComponent(version)}`
}

/** Formatted string of CPE 2.3 (NISTIR 7695, 6.2). */
function cpe(vendorAndProduct: string, version: string): string {
  return `cpe:2.3:a:${vendorAndProduct}:${version}:*:*:*:*:*:*:*`
}
