import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runTool } from '../run-tool.ts'
import type { PackageDescription } from './describe.ts'
import { layOut, type PackageFile } from './files.ts'
import { script } from './scripts.ts'

const architectures = { 'linux-x64': 'x86_64', 'linux-arm64': 'aarch64' } as const

/** Makes an .rpm below `directory` and answers with its path. Needs rpmbuild. */
export function makeRpm(description: PackageDescription, files: readonly PackageFile[], directory: string): string {
  const work = mkdtempSync(join(tmpdir(), 'logrelay-rpm-'))
  try {
    const tree = join(work, 'tree')
    mkdirSync(tree)
    layOut(files, tree)
    const spec = join(work, 'logrelay.spec')
    writeFileSync(spec, specText(description, files, tree))
    const settings = {
      _topdir: work,
      _rpmdir: join(work, 'rpms'),
      _build_id_links: 'none',
      _binary_payload: `w${description.compression}.xzdio`,
    }
    const defines = Object.entries(settings).flatMap(([name, value]) => ['--define', `${name} ${value}`])
    const options = ['-bb', '--target', `${architectures[description.target]}-linux`, ...defines, ...reproducible, spec]
    runTool('rpmbuild', options, { env: { SOURCE_DATE_EPOCH: String(description.dateMs / 1000) }, debianPackage: 'rpm' })
    const made = readdirSync(join(work, 'rpms'), { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.rpm'))
    if (made === undefined) throw new Error('rpmbuild made no package')
    const out = join(directory, basename(made))
    copyFileSync(join(work, 'rpms', made), out)
    return out
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const reproducible = [
  ...['--define', '_buildhost localhost'],
  ...['--define', 'use_source_date_epoch_as_buildtime 1'],
  ...['--define', 'clamp_mtime_to_source_date_epoch 1'],
]

/** Nothing is compiled and nothing is changed: what was laid out is packed as it is. */
function specText(description: PackageDescription, files: readonly PackageFile[], tree: string): string {
  const { name, version, summary, text, maintainer } = description
  return `
%global debug_package %{nil}
%global __os_install_post %{nil}
%global __strip /bin/true
Name: ${name}
Version: ${version}
Release: 1
Summary: ${summary}
License: LicenseRef-logrelay
Packager: ${maintainer}
Requires: systemd
Requires(post): systemd
Requires(preun): systemd
AutoProv: no

%description
${text}

%install
cp -a ${tree}/. %{buildroot}

%files
%defattr(-,root,root,-)
%dir /usr/libexec/logrelay
${files.map(({ path, configuration }) => `${configuration ? '%config(noreplace) ' : ''}${path}`).join('\n')}

%post
action=install
[ "$1" -le 1 ] || action=upgrade
${escaped(script('after-install'))}
%preun
[ "$1" -eq 0 ] || exit 0
${escaped(script('before-remove'))}
# There is no purge that would do it later.
systemctl --no-reload disable logrelay.service >/dev/null 2>&1 || :
%postun
[ "$1" -eq 0 ] || exit 0
action=remove
${escaped(script('after-remove'))}`
}

/** rpm reads macros in scripts, comments included. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%')
}
