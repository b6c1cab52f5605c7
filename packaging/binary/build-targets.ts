import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildManifest } from '../../src/native/embedded.ts'
import { type Bundle, bundle } from './bundle.ts'
import { singleExecutable } from './single-executable.ts'
import { hostTarget, root, type Target, targetFiles } from './targets.ts'

/**
 * Makes for each target `dist/TARGET/logrelay`, a single executable, and `dist/TARGET/addons/`, what it carries and packages put beside it;
 * `dist/logrelay` is the one of this machine. Says what it has made.
 */
export async function buildTargets(targets: readonly Target[]): Promise<void> {
  const bundled = await bundle()
  for (const target of targets) buildTarget(target, bundled)
}

function buildTarget(target: Target, bundled: Bundle): void {
  const directory = join(root, 'dist', target)
  const out = join(directory, 'logrelay')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(join(directory, 'addons'), { recursive: true })
  const files = targetFiles(target)
  const manifest: BuildManifest = { version: packageVersion(), commit: commit(), addons: hashes(files.addons) }
  singleExecutable(target, { bundle: bundled, files, manifest, out })
  for (const [name, file] of Object.entries(files.addons)) copyFileSync(file, join(directory, 'addons', name))
  // For the licences and the list of what is inside.
  writeFileSync(join(directory, 'bundle.json'), `${JSON.stringify({ inputs: bundled.inputs, ...manifest }, null, 1)}\n`)
  const made = [out]
  if (target === hostTarget) {
    copyFileSync(out, join(root, 'dist/logrelay'))
    made.push(join(root, 'dist/logrelay'))
  }
  for (const file of made)
    console.log(`${file.slice(root.length)}  ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB  sha256 ${sha256(file)}`)
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-dirty'}`
}

function hashes(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, sha256(file)]))
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
