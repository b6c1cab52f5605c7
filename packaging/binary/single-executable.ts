import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BuildManifest } from '../../src/native/embedded.ts'
import { runTool } from '../run-tool.ts'
import type { Bundle } from './bundle.ts'
import { hostTarget, packageDirectory, type Target, type TargetFiles } from './targets.ts'

/** Where Node.js looks for what was injected (its documentation on single executable applications); the fuse is flipped by postject. */
const resource = 'NODE_SEA_BLOB'
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const blobName = 'blob'

/** The options of bin/logrelay, which says why. */
export const runtimeOptions = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=40',
  '--no-allocation-site-pretenuring',
  '--disable-warning=ExperimentalWarning',
]

/** Writes one to `out`. The same input gives the same bytes. */
export function singleExecutable(
  target: Target,
  { bundle, files, manifest, out }: { bundle: Bundle; files: TargetFiles; manifest: BuildManifest; out: string },
): void {
  // On the same disk, for it is moved to its place.
  const work = mkdtempSync(join(dirname(out), 'work-'))
  try {
    makeBlob(work, { bundle, files, manifest, codeCache: target === hostTarget })
    const program = join(work, 'logrelay')
    strip(target, files.node, program)
    chmodSync(program, 0o755)
    inject(program, join(work, blobName))
    renameSync(program, out)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Debian's names for them. What is not stripped is a sixth larger; stripped after the injection it would not run. */
const stripTools: Readonly<Record<Target, { command: string; debianPackage: string }>> = {
  'linux-x64': { command: 'x86_64-linux-gnu-strip', debianPackage: 'binutils-x86-64-linux-gnu' },
  'linux-arm64': { command: 'aarch64-linux-gnu-strip', debianPackage: 'binutils-aarch64-linux-gnu' },
}

function strip(target: Target, from: string, to: string): void {
  const { command, debianPackage } = stripTools[target]
  runTool(command, ['--strip-all', '-o', to, from], { debianPackage })
}

interface BlobParts {
  readonly bundle: Bundle
  readonly files: TargetFiles
  readonly manifest: BuildManifest
  /** Made by the runtime that makes the blob, for its own architecture: it starts faster. */
  readonly codeCache: boolean
}

function makeBlob(work: string, { bundle, files, manifest, codeCache }: BlobParts): void {
  const assets: Record<string, string> = { ...files.addons }
  const texts = { 'build.json': JSON.stringify(manifest), ...scripts(bundle) }
  for (const [name, text] of Object.entries(texts)) {
    assets[name] = join(work, name)
    writeFileSync(assets[name], text)
  }
  // The name of the file stands in stack traces, and so it is the same wherever this is built.
  writeFileSync(join(work, 'logrelay.js'), bundle.main)
  const configuration = {
    main: 'logrelay.js',
    output: blobName,
    disableExperimentalSEAWarning: true,
    useCodeCache: codeCache,
    execArgv: runtimeOptions,
    // What NODE_OPTIONS says to other programs is not for this one.
    execArgvExtension: 'none',
    assets,
  }
  writeFileSync(join(work, 'sea.json'), JSON.stringify(configuration))
  const node = join(packageDirectory(`node-${hostTarget}`), 'bin/node')
  // The code cache holds for the options that it was made with. With a seed it is the same each time; where it is read there is none.
  runTool(node, [...runtimeOptions, '--random-seed=1', '--experimental-sea-config', 'sea.json'], { cwd: work })
}

function inject(program: string, blob: string): void {
  const postject = join(packageDirectory('postject'), 'dist/cli.js')
  runTool(process.execPath, [postject, program, resource, blob, '--sentinel-fuse', fuse])
}

function scripts({ threads }: Bundle): Record<string, string> {
  return Object.fromEntries(Object.entries(threads).map(([name, text]) => [`${name}.js`, text]))
}
