import { join } from 'node:path'
import t from 'tap'
import { packageDirectory } from '../../../packaging/binary/targets.ts'
import { knownLicence, licenceTextOf, readLicenceText } from '../../../packaging/metadata/licence-texts.ts'

t.test('only licences that somebody has looked at', async (t) => {
  for (const known of ['MIT', 'Apache-2.0', 'MIT AND Apache-2.0', 'MIT OR ISC']) t.equal(knownLicence('p', known), known)
  for (const unknown of [undefined, '', 'GPL-3.0-only', 'MIT AND GPL-3.0-only', '(MIT OR GPL-2.0)', 'SEE LICENSE IN x']) {
    t.throws(() => knownLicence('p', unknown), /^p has the licence .*given away/)
  }
})

t.test('every file that says what goes with a package, and nothing else of it', async (t) => {
  const dir = t.testdir({
    LICENSE: '\uFEFF\r\nfirst  \r\nline\r\n\r\n',
    'NOTICE.txt': 'second',
    'README.md': 'not this',
    licenses: { x: 'nor this' },
    empty: { LICENCE: ' \n' },
    none: { 'index.js': '' },
  })
  t.equal(licenceTextOf('p', 'MIT', dir), 'first\nline\n\nsecond')
  t.throws(() => licenceTextOf('p', 'MIT', join(dir, 'none')), /p \(MIT\) comes without the text/)
  t.throws(() => licenceTextOf('p', 'MIT', join(dir, 'empty')), /LICENCE is empty/)
})

t.test('a text that stands in another package, if the licence is the same one', async (t) => {
  const none = t.testdir({})
  const theirs = readLicenceText(join(packageDirectory('@aws-sdk/client-s3'), 'LICENSE'))
  t.match(theirs, /Apache License/)
  t.equal(licenceTextOf('@aws-sdk/nested-clients', 'Apache-2.0', none), theirs)
  t.throws(() => licenceTextOf('@aws-sdk/new', 'MIT', none), /@aws-sdk\/new has the licence MIT, and @aws-sdk\/client-s3 Apache-2.0/)
})
