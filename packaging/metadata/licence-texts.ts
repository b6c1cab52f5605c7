import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageDirectory } from '../binary/targets.ts'

/** What may be inside: all of them let a program be given away as long as their texts go with it. Another one is for a person to judge. */
const knownLicences = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Zlib', 'Unicode-3.0', 'blessing'])

/** `licence` is an SPDX expression of known ones. Throws where it is not. */
export function knownLicence(name: string, licence: string | undefined): string {
  const unknown = (licence ?? '').split(/ (?:AND|OR) /).filter((one) => !knownLicences.has(one))
  if (licence === undefined || unknown.length > 0) throw new Error(`${name} has the licence ${licence}: may it be given away with this?`)
  return licence
}

/** Packages that were published without a licence's text, and the package whose text is theirs. */
const textElsewhere: readonly { readonly packages: RegExp; readonly text: string; readonly reason: string }[] = [
  { packages: /^@aws-sdk\//, text: '@aws-sdk/client-s3', reason: 'one repository with one LICENSE; some of its packages leave it out' },
  { packages: /^@koromix\/koffi-/, text: 'koffi', reason: 'what koffi was compiled to, from its own sources' },
]

/** Every file of a package that says what goes with it, one behind the other. Throws where there is none and no reason is known. */
export function licenceTextOf(name: string, licence: string, directory: string): string {
  const own = textsIn(directory)
  if (own !== '') return own
  const elsewhere = textElsewhere.find(({ packages }) => packages.test(name))
  if (elsewhere === undefined) throw new Error(`${name} (${licence}) comes without the text of its licence`)
  const other = packageDirectory(elsewhere.text)
  const theirs = (JSON.parse(readFileSync(join(other, 'package.json'), 'utf8')) as { license: string }).license
  if (theirs !== licence) throw new Error(`${name} has the licence ${licence}, and ${elsewhere.text} ${theirs}: its text is another one`)
  return textsIn(other)
}

function textsIn(directory: string): string {
  const files = readdirSync(directory, { withFileTypes: true })
  const names = files.filter((file) => file.isFile() && /^(licen[cs]e|copying|notice|copyright)/i.test(file.name)).map(({ name }) => name)
  return names
    .sort()
    .map((name) => readLicenceText(join(directory, name)))
    .join('\n\n')
}

/** With line feeds and without space at the ends of lines, so that two copies of a text are the same. */
export function readLicenceText(file: string): string {
  const text = readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .replace(/[ \t\r]*$/gm, '')
    .replace(/^\n+/, '')
    .trimEnd()
  if (text === '') throw new Error(`${file} is empty`)
  return text
}
