import t from 'tap'
import { bundle } from '../../../packaging/binary/bundle.ts'
import { type Target, targets } from '../../../packaging/binary/targets.ts'
import { componentsOf } from '../../../packaging/metadata/components.ts'
import { npmComponents } from '../../../packaging/metadata/npm-components.ts'
import { runtimeComponents } from '../../../packaging/metadata/runtime-components.ts'

// That of this machine is installed; others would have to be fetched.
const target = targets.find((one) => one === `linux-${process.arch}`) as Target
const { inputs } = await bundle()
const components = componentsOf({ inputs }, target)
const named = (name: string) => components.filter((component) => component.name === name)

t.test('all that is bundled, each version once, with its licence', async (t) => {
  const packages = new Set(Object.keys(inputs).flatMap((file) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []))
  t.ok(packages.has('yargs') && packages.has('@aws-sdk/client-s3'))
  for (const name of packages) t.ok(named(name).length > 0, name)
  t.equal(new Set(components.map(({ purl }) => purl)).size, components.length)
  for (const { name, licence, licenceText } of components) {
    t.not(licence, '', name)
    t.ok(licenceText.length > 200, name)
    t.notMatch(licenceText, /\r| \n/, name)
  }
  t.same(named('typescript'), [], 'nothing that only builds')
})

t.test('what is no package of the bundle: runtime, addons, and what was compiled into them', async (t) => {
  const [node] = named(`node-${target}`)
  t.match(node, { kind: 'runtime', version: process.versions.node, cpe: `cpe:2.3:a:nodejs:node.js:${process.versions.node}:*` })
  t.match(node?.file, { name: 'node', sha256: /^[0-9a-f]{64}$/ })
  t.match(named('openssl'), [{ version: process.versions.openssl, licence: 'Apache-2.0', within: node?.purl }])
  t.match(named('classic-level'), [{ file: { name: 'classic-level.node' }, integrity: /^sha512-/ }])
  t.match(named('leveldb'), [
    { version: /^1\.\d+$/, licence: 'BSD-3-Clause', within: /^pkg:npm\/classic-level@/, licenceText: /LevelDB Authors/ },
  ])
  t.match(named('snappy'), [{ version: /^1\.\d+\.\d+$/, licenceText: /Google Inc/ }])
  t.match(named('napi-macros'), [{ licence: 'MIT' }])
  t.match(named(`@koromix/koffi-${target}`), [{ file: { name: 'koffi.node' }, licenceText: /Niels Martignène/ }])
  t.match(named('node-addon-api'), [{ version: /^\d+\.\d+\.\d+$/, within: `pkg:npm/%40koromix/koffi-${target}@3.3.4` }])
})

t.test('files of packages, and files of ours', async (t) => {
  const found = npmComponents([
    'src/cli/main.ts',
    'addon:classic-level.node',
    'node_modules/string-width/index.js',
    'node_modules/cliui/node_modules/string-width/index.js',
    'node_modules/cliui/node_modules/string-width/other.js',
    'node_modules/@peculiar/x509/build/x509.js',
  ])
  t.same(
    found.map(({ purl }) => purl.replace(/[\d.]+$/, '')),
    ['pkg:npm/string-width@', 'pkg:npm/string-width@', 'pkg:npm/%40peculiar/x509@'],
  )
  t.not(found[0]?.version, found[1]?.version, 'two versions are two components')
  t.throws(() => npmComponents(['node_modules/no-such-package/index.js']), /package-lock.json has no node_modules\/no-such-package/)
})

t.test('a runtime that is not the one that goes in, or has more inside than is known', async (t) => {
  t.throws(() => runtimeComponents(target, { ...process.versions, node: '1.2.3' }), /runs on Node.js 1\.2\.3/)
  t.throws(() => runtimeComponents(target, { ...process.versions, gnutls: '3.8' }), /gnutls inside, .* what licence/)
  const without = runtimeComponents(target, { node: process.versions.node, nghttp3: '', modules: '137', uv: '1.0+x' })
  t.same(
    without.slice(1).map(({ name, purl }) => [name, purl]),
    [['libuv', 'pkg:generic/libuv@1.0%2Bx']],
  )
})
