import { createHash } from 'node:crypto'
import type { Target } from '../binary/targets.ts'
import type { Component } from './component.ts'
import { ownLicence } from './debian-copyright.ts'

export interface SbomOptions {
  readonly version: string
  readonly commit: string
  readonly target: Target
  /** Of the commit. */
  readonly dateMs: number
}

/** What is inside, as CycloneDX 1.6 JSON (ECMA-424). The same components and options give the same bytes. */
export function sbom(components: readonly Component[], options: SbomOptions): string {
  const body = bodyOf(components, options)
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`
  const { bomFormat, specVersion, ...rest } = body
  const schema = 'http://cyclonedx.org/schema/bom-1.6.schema.json'
  return `${JSON.stringify({ $schema: schema, bomFormat, specVersion, serialNumber, version: 1, ...rest }, null, 2)}\n`
}

function bodyOf(components: readonly Component[], { version, commit, target, dateMs }: SbomOptions) {
  const purl = `pkg:generic/logrelay@${version}`
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: {
      timestamp: new Date(dateMs).toISOString(),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'logrelay build:packages', version }] },
      component: {
        type: 'application',
        'bom-ref': purl,
        name: 'logrelay',
        version,
        licenses: licensesOf(ownLicence),
        copyright: 'the logrelay authors, all rights reserved',
        purl,
        properties: [
          { name: 'logrelay:commit', value: commit },
          { name: 'logrelay:target', value: target },
        ],
      },
    },
    components: components.map(componentOf),
    dependencies: [purl, ...components.map((component) => component.purl)].map((ref) => ({
      ref,
      dependsOn: components.filter(({ within = purl }) => within === ref).map((component) => component.purl),
    })),
  }
}

function componentOf({ kind, name, version, licence, purl, cpe, integrity, file }: Component) {
  const [, group, rest] = /^(@[^/]+)\/(.+)$/.exec(name) ?? []
  return {
    type: kind === 'runtime' ? 'platform' : 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: rest ?? name,
    version,
    ...(integrity === undefined ? {} : { hashes: [sha512Of(integrity)] }),
    licenses: licensesOf(licence),
    ...(cpe === undefined ? {} : { cpe }),
    purl,
    ...(file === undefined ? {} : { components: [fileOf(purl, file)] }),
  }
}

/** What went in of a package, as it was before: the runtime is stripped when the program is put into it. */
function fileOf(purl: string, { name, sha256 }: NonNullable<Component['file']>) {
  return { type: 'file', 'bom-ref': `${purl}#${name}`, name, hashes: [{ alg: 'SHA-256', content: sha256 }] }
}

/** An identifier of SPDX, or an expression where it is more than one or none of SPDX' own. */
function licensesOf(licence: string) {
  return /^[\w.-]+$/.test(licence) && licence !== ownLicence ? [{ license: { id: licence } }] : [{ expression: licence }]
}

function sha512Of(integrity: string) {
  const [algorithm, hash = ''] = integrity.split('-', 2)
  if (algorithm !== 'sha512') throw new Error(`package-lock.json has a hash of another kind: ${integrity}`)
  return { alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }
}

/** RFC 9562, section 5.8: version 8 is for what is made from a hash of one's own choice. */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
