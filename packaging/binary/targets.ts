import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTool } from '../run-tool.ts'

export const root: string = fileURLToPath(new URL('../../', import.meta.url))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; integrity?: string }>
}

/** What a single executable is built for: glibc, for classic-level has no arm64 addon for musl, nor npm a Node.js. */
export const targets = ['linux-x64', 'linux-arm64'] as const
export type Target = (typeof targets)[number]

export const hostTarget = `${process.platform}-${process.arch}`

/** The files of others that go into one. */
export interface TargetFiles {
  readonly node: string
  readonly addons: Readonly<Record<string, string>>
}

export function targetFiles(target: Target): TargetFiles {
  const [, architecture] = target.split('-') as [string, string]
  return {
    node: join(packageDirectory(`node-${target}`), 'bin/node'),
    addons: {
      'classic-level.node': join(root, 'node_modules/classic-level/prebuilds', target, classicLevel[target]),
      'koffi.node': join(packageDirectory(`@koromix/koffi-${target}`), `linux_${architecture}`, 'koffi.node'),
    },
  }
}

const classicLevel: Readonly<Record<Target, string>> = { 'linux-x64': 'classic-level.node', 'linux-arm64': 'classic-level.armv8.node' }

/**
 * Where a package of package-lock.json lies: in node_modules, or, where it is of another architecture and so was not installed, fetched into the cache
 * and held against its hash in package-lock.json.
 */
export function packageDirectory(name: string): string {
  const installed = join(root, 'node_modules', name)
  return existsSync(join(installed, 'package.json')) ? installed : fetched(name)
}

function fetched(name: string): string {
  const { version, integrity } = locked(name)
  const cache = join(root, 'node_modules/.cache/packaging')
  const directory = join(cache, `${name.replace('/', '+')}-${version}`)
  if (existsSync(directory)) return directory
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    runTool('npm', ['pack', '--silent', '--pack-destination', work, `${name}@${version}`])
    const [archive] = readdirSync(work) as [string]
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(work, archive)))
      .digest('base64')}`
    if (found !== integrity) throw new Error(`${name} ${version} is not what package-lock.json says: ${found} in place of ${integrity}`)
    runTool('tar', ['-xzf', archive], { cwd: work })
    renameSync(join(work, 'package'), directory)
    return directory
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function locked(name: string): { version: string; integrity: string } {
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {}
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json has no ${name}`)
  return { version, integrity }
}
