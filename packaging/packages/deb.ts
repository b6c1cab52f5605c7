import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../run-tool.ts'
import type { PackageDescription } from './describe.ts'
import { layOut, type PackageFile } from './files.ts'
import { script } from './scripts.ts'

const architectures = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' } as const

/** Makes a .deb below `directory` (deb(5), deb-control(5)) and answers with its path. Needs dpkg-deb. */
export function makeDeb(description: PackageDescription, files: readonly PackageFile[], directory: string): string {
  const architecture = architectures[description.target]
  const out = join(directory, `${description.name}_${description.version}_${architecture}.deb`)
  const work = mkdtempSync(join(tmpdir(), 'logrelay-deb-'))
  try {
    chmodSync(work, 0o755)
    layOut(files, work)
    writeControl(description, architecture, files, work)
    const options = ['--root-owner-group', '-Zxz', `-z${description.compression}`, '--build', work, out]
    runTool('dpkg-deb', options, { env: { SOURCE_DATE_EPOCH: String(description.dateMs / 1000) }, debianPackage: 'dpkg' })
    return out
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function writeControl(description: PackageDescription, architecture: string, files: readonly PackageFile[], work: string): void {
  const control = join(work, 'DEBIAN')
  mkdirSync(control)
  chmodSync(control, 0o755)
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(control, name), text)
    chmodSync(join(control, name), mode)
  }
  write('control', controlText(description, architecture, installedKibibytes(files, work)))
  write('conffiles', lines(files.filter(({ configuration }) => configuration).map(({ path }) => path)))
  write(
    'md5sums',
    lines(
      files
        .filter(({ content, configuration }) => !('link' in content) && !configuration)
        .map(({ path }) => `${md5(join(work, path))}  ${path.slice(1)}`),
    ),
  )
  write('postinst', `${postinstHead}${script('after-install')}`, 0o755)
  write('prerm', `#!/bin/sh\nset -e\n[ "$1" = remove ] || exit 0\n\n${script('before-remove')}`, 0o755)
  write('postrm', `#!/bin/sh\nset -e\ncase "$1" in remove | purge) action=$1 ;; *) exit 0 ;; esac\n\n${script('after-remove')}`, 0o755)
}

/** deb-postinst(5). A removal that failed has stopped the relay, which stays installed: it goes on. */
const postinstHead = `#!/bin/sh
set -e
case "$1" in
  configure) ;;
  abort-remove)
    if [ -d /run/systemd/system ] && systemctl is-enabled --quiet logrelay.service; then
      systemctl start --no-block logrelay.service || true
    fi
    exit 0
    ;;
  *) exit 0 ;;
esac
action=install
[ -z "$2" ] || action=upgrade

`

function controlText(description: PackageDescription, architecture: string, kibibytes: number): string {
  const { name, version, maintainer, summary, text } = description
  return lines([
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${kibibytes}`,
    'Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6, systemd',
    'Section: net',
    'Priority: optional',
    `Description: ${summary}`,
    ...text.split('\n').map((line) => ` ${line === '' ? '.' : line}`),
  ])
}

function installedKibibytes(files: readonly PackageFile[], work: string): number {
  return files.reduce((sum, { path }) => sum + Math.ceil(lstatSync(join(work, path)).size / 1024), 0)
}

function md5(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex')
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}
