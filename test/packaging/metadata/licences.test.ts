import t from 'tap'
import type { Component } from '../../../packaging/metadata/component.ts'
import { debianCopyright } from '../../../packaging/metadata/debian-copyright.ts'
import { licencesText } from '../../../packaging/metadata/licences.ts'

const component = (name: string, licence: string, licenceText: string): Component => {
  return { name, version: '1.0.0', licence, licenceText, purl: `pkg:npm/${name}@1.0.0` }
}
const components = [component('a', 'MIT', 'text of a and c'), component('b', 'ISC', 'text of b'), component('c', 'MIT', 'text of a and c')]

t.test('a list, then each text once with all that it belongs to', async (t) => {
  const text = licencesText(components)
  t.match(text, /\n {2}a 1\.0\.0: MIT\n {2}b 1\.0\.0: ISC\n {2}c 1\.0\.0: MIT\n/)
  t.match(text, /=\na 1\.0\.0\nc 1\.0\.0\n=+\n\ntext of a and c\n/)
  t.equal(text.split('text of a and c').length, 2)
  t.match(text, /=\nb 1\.0\.0\n=+\n\ntext of b\n/)
  t.match(text, /^logrelay: .* All rights reserved\.\n/)
})

t.test('debian/copyright: paragraphs of fields, every licence that is named explained', async (t) => {
  const text = debianCopyright([...components, component('d', 'MIT AND Apache-2.0', 'x')])
  const paragraphs = text.trimEnd().split('\n\n')
  for (const line of text.split('\n')) t.match(line, /^(?:[A-Z][\w-]*:(?: \S.*)?| +\S.*|)$/)
  t.match(paragraphs[0], /^Format: https:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/\n/)
  const named = paragraphs.find((paragraph) => paragraph.startsWith('Files: usr/libexec/logrelay'))
  const short = /^License: (.*)$/m.exec(named ?? '')?.[1]?.split(' and ')
  t.same(short, ['LicenseRef-logrelay', 'Apache-2.0', 'ISC', 'MIT'])
  t.same(
    paragraphs
      .filter((paragraph) => paragraph.startsWith('License:'))
      .map((paragraph) => paragraph.split('\n')[0]?.slice('License: '.length)),
    short,
  )
  t.match(named, '\n  d 1.0.0: MIT AND Apache-2.0')
})
