import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTargets } from '../binary/build-targets.ts'
import { root, targets } from '../binary/targets.ts'
import { contents } from './contents.ts'
import { makeDeb } from './deb.ts'
import { describePackage } from './describe.ts'
import { makeRpm } from './rpm.ts'

/**
 * `npm run build:packages`: builds the binaries, then a .deb and an .rpm of each, and SHA256SUMS, in dist/packages.
 *
 * --target NAME, --kind deb|rpm   that one alone
 * --built                         packs the binaries that are in dist, as they are
 * --version TEXT                  another than package.json's, for trying an upgrade
 * --compression 0..9              of xz; 1 is ten times as fast as 6 and a sixth larger
 * --directory DIR                 another place than dist/packages
 */
const kinds = ['deb', 'rpm'] as const
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    kind: { type: 'string' },
    built: { type: 'boolean', default: false },
    version: { type: 'string', default: packageVersion() },
    compression: { type: 'string', default: '6' },
    directory: { type: 'string', default: join(root, 'dist/packages') },
  },
})
const makers = { deb: makeDeb, rpm: makeRpm }

const chosen = targets.filter((target) => values.target === undefined || values.target === target)
const chosenKinds = kinds.filter((kind) => values.kind === undefined || values.kind === kind)
if (chosen.length === 0 || chosenKinds.length === 0)
  throw new Error(`there is nothing to build: targets are ${targets.join(', ')}, kinds ${kinds.join(', ')}`)
if (!values.built) await buildTargets(chosen)
mkdirSync(values.directory, { recursive: true })
for (const name of packagesIn(values.directory)) rmSync(join(values.directory, name))
// The commit's, for the same commit gives the same package.
const dateMs = Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })) * 1000
for (const target of chosen) {
  // Both kinds of package take what stands behind a tilde for older than what stands before it.
  const description = describePackage({
    version: values.version.replace('-', '~'),
    target,
    dateMs,
    compression: Number(values.compression),
  })
  for (const kind of chosenKinds) {
    const file = makers[kind](description, await contents(kind, target, dateMs), values.directory)
    console.log(`${file.startsWith(root) ? file.slice(root.length) : file}  ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`)
  }
}
writeFileSync(join(values.directory, 'SHA256SUMS'), checksums(values.directory))

/** Nothing else in a directory that somebody names is ours. */
function packagesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^logrelay.*\.(deb|rpm)$/.test(name))
    .sort()
}

function checksums(directory: string): string {
  const files = readdirSync(directory).sort()
  return files
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex')}  ${basename(name)}\n`,
    )
    .join('')
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}
