import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageDirectory, root } from '../binary/targets.ts'
import type { Component } from './component.ts'
import { knownLicence, licenceTextOf } from './licence-texts.ts'

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> }

/** The npm packages that these files belong to, each once. Two versions of one package are two. */
export function npmComponents(files: readonly string[]): Component[] {
  const places = new Set(files.map(placeOf).filter((place) => place !== undefined))
  return [...places].map((place) => installedComponent(place))
}

/** `node_modules/a/node_modules/@b/c` of a file in it; undefined for our own. */
function placeOf(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]
}

function installedComponent(place: string): Component {
  return lockedComponent(place, join(root, place))
}

/** A package that is not of the bundle: of any architecture, so perhaps not installed. `file`: what of it goes in as a file, called `name` there. */
export function packageComponent(name: string, file?: { readonly name: string; readonly path: string }): Component {
  const component = lockedComponent(`node_modules/${name}`, packageDirectory(name))
  return file === undefined ? component : { ...component, file: hashed(file) }
}

function lockedComponent(place: string, directory: string): Component {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const { version, license, integrity } = lock.packages[place] ?? {}
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json has no ${place}`)
  if (!existsSync(directory)) throw new Error(`${place} is not installed`)
  const licence = knownLicence(name, license)
  return { name, version, licence, licenceText: licenceTextOf(name, licence, directory), purl: npmPurl(name, version), integrity }
}

/** https://github.com/package-url/purl-spec: the @ of a scope is encoded, the slash behind it is not. */
function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function hashed({ name, path }: { name: string; path: string }): NonNullable<Component['file']> {
  return { name, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') }
}
