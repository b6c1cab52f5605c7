import type { Component } from './component.ts'

/** What the licence of logrelay itself is called until its owners have chosen one. */
export const ownLicence = 'LicenseRef-logrelay'

/** debian/copyright in its machine-readable form (DEP-5). The texts of the licences of others stand in a file of their own. */
export function debianCopyright(components: readonly Component[]): string {
  const licences = [...new Set(components.flatMap(({ licence }) => licence.split(' AND ')))].sort()
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: logrelay

Files: *
Copyright: the logrelay authors
License: ${ownLicence}

Files: usr/libexec/logrelay/*
Copyright: the logrelay authors
 the authors of what is inside, whom licences.txt.gz names
License: ${[ownLicence, ...licences].join(' and ')}
Comment:
 The program and its libraries contain the following software of others. The
 whole texts of their licences, with their copyright notices, stand in
 /usr/share/doc/logrelay/licences.txt.gz.
 .
${components.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`).join('\n')}

License: ${ownLicence}
 All rights reserved by the logrelay authors.
${licences.map((licence) => `\nLicense: ${licence}\n See /usr/share/doc/logrelay/licences.txt.gz.\n`).join('')}`
}
