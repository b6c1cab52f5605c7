import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageDirectory, type Target, targetFiles } from '../binary/targets.ts'
import type { Component } from './component.ts'
import { knownLicence, readLicenceText } from './licence-texts.ts'
import { packageComponent } from './npm-components.ts'
import { genericPurl } from './runtime-components.ts'

/** The two addons of a target, and what was compiled into them. */
export function addonComponents(target: Target): Component[] {
  const addon = (name: string) => ({ name, path: targetFiles(target).addons[name] as string })
  const classicLevel = packageComponent('classic-level', addon('classic-level.node'))
  const koffi = packageComponent(`@koromix/koffi-${target}`, addon('koffi.node'))
  return [
    classicLevel,
    ...[levelDb(), snappy()].map((library) => ({ ...library, within: classicLevel.purl })),
    { ...packageComponent('napi-macros'), within: classicLevel.purl },
    koffi,
    { ...nodeAddonApi(), within: koffi.purl },
  ]
}

function levelDb(): Component {
  const deps = join(packageDirectory('classic-level'), 'deps/leveldb')
  const [name, version] = versionIn(readdirSync(deps).join('\n'), /^leveldb-([\d.]+)$/m, deps)
  return library('leveldb', version, 'BSD-3-Clause', join(deps, name, 'LICENSE'))
}

function snappy(): Component {
  const deps = join(packageDirectory('classic-level'), 'deps/snappy')
  const header = join(deps, 'linux/snappy-stubs-public.h')
  const text = readFileSync(header, 'utf8')
  const parts = ['MAJOR', 'MINOR', 'PATCHLEVEL'].map(
    (part) => versionIn(text, new RegExp(`^#define SNAPPY_${part} (\\d+)$`, 'm'), header)[1],
  )
  return library('snappy', parts.join('.'), 'BSD-3-Clause', join(deps, 'snappy/COPYING'))
}

/** Headers that become code of the addon. */
function nodeAddonApi(): Component {
  const directory = join(packageDirectory('koffi'), 'vendor/node-addon-api')
  const readme = join(directory, 'README.md')
  const [, version] = versionIn(readFileSync(readme, 'utf8'), /Current version: ([\d.]+)$/m, readme)
  return library('node-addon-api', version, 'MIT', join(directory, 'LICENSE.md'))
}

function library(name: string, version: string, licence: string, file: string): Component {
  return {
    name,
    version,
    licence: knownLicence(name, licence),
    licenceText: readLicenceText(file),
    purl: genericPurl(name, version),
  }
}

function versionIn(text: string, pattern: RegExp, place: string): [match: string, version: string] {
  const [match, version] = pattern.exec(text) ?? []
  if (match === undefined || version === undefined) throw new Error(`${place} does not tell its version as it used to`)
  return [match, version]
}
