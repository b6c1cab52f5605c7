import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { completionScript } from '../../src/cli/completion-script.ts'
import { root, type Target } from '../binary/targets.ts'
import type { Component } from '../metadata/component.ts'
import { componentsOf } from '../metadata/components.ts'
import { debianCopyright } from '../metadata/debian-copyright.ts'
import { licencesText } from '../metadata/licences.ts'
import { manPage } from '../metadata/man-page.ts'
import { sbom } from '../metadata/sbom.ts'
import { compressed, type PackageFile } from './files.ts'

/** Where the kinds of package put what they do not agree on. */
const zshDirectories = { deb: '/usr/share/zsh/vendor-completions', rpm: '/usr/share/zsh/site-functions' } as const

const doc = '/usr/share/doc/logrelay'

/** Everything that a package installs. The binary of the target has to be built. */
export async function contents(kind: 'deb' | 'rpm', target: Target, dateMs: number): Promise<PackageFile[]> {
  const built = join(root, 'dist', target)
  const bundle = JSON.parse(readFileSync(join(built, 'bundle.json'), 'utf8'))
  const components: Component[] = componentsOf(bundle, target)
  return [
    // Where SELinux' policies let services be started from.
    { path: '/usr/libexec/logrelay/logrelay', content: { from: join(built, 'logrelay') }, executable: true },
    ...readdirSync(join(built, 'addons')).map((name) => ({
      path: `/usr/libexec/logrelay/${name}`,
      content: { from: join(built, 'addons', name) },
    })),
    { path: '/usr/bin/logrelay', content: { link: '../libexec/logrelay/logrelay' } },
    { path: '/usr/lib/systemd/system/logrelay.service', content: fromTree('systemd/logrelay.service') },
    { path: '/usr/lib/sysusers.d/logrelay.conf', content: fromTree('systemd/sysusers.d/logrelay.conf') },
    { path: '/usr/lib/tmpfiles.d/logrelay.conf', content: fromTree('systemd/tmpfiles.d/logrelay.conf') },
    { path: '/etc/logrelay/logrelay.yaml', content: fromTree('packaging/packages/logrelay.yaml'), configuration: true },
    { path: '/usr/share/bash-completion/completions/logrelay', content: { text: completionScript('bash') } },
    { path: `${zshDirectories[kind]}/_logrelay`, content: { text: completionScript('zsh') } },
    { path: '/usr/share/man/man1/logrelay.1.gz', content: compressed(await manPage({ dateMs })) },
    { path: `${doc}/copyright`, content: { text: debianCopyright(components) } },
    { path: `${doc}/licences.txt.gz`, content: compressed(licencesText(components)) },
    { path: `${doc}/sbom.cdx.json`, content: { text: sbom(components, { ...bundle, target, dateMs }) } },
    { path: `${doc}/CHANGELOG.md`, content: fromTree('CHANGELOG.md') },
    ...documentation(),
  ]
}

function documentation(): PackageFile[] {
  const pages = readdirSync(join(root, 'docs')).map((name) => ({ path: `${doc}/${name}`, content: fromTree(`docs/${name}`) }))
  const sysctl = { path: `${doc}/examples/60-logrelay.conf`, content: fromTree('packaging/images/sysctl/60-logrelay.conf') }
  return [...pages, sysctl, ...images()]
}

/** What docs/images.md works with; the scripts that keep it true are for a checkout. */
function images(): PackageFile[] {
  const names = readdirSync(join(root, 'packaging/images'), { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map(({ parentPath, name }) => relative(join(root, 'packaging/images'), join(parentPath, name)))
    .sort()
    .map((name) => ({
      path: `${doc}/examples/images/${name}`,
      content: fromTree(`packaging/images/${name}`),
      executable: name.endsWith('.sh'),
    }))
}

function fromTree(path: string): { readonly from: string } {
  return { from: join(root, path) }
}
