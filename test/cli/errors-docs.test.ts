import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorCodes } from '../../src/core/errors.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

t.test('docs/errors.md says of every code what it means and what to do, and of no other', async (t) => {
  const entries = new Map(
    page
      .split(/^### /m)
      .slice(1)
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry]),
  )
  t.same([...entries.keys()].toSorted(), [...errorCodes].toSorted())
  for (const [code, entry] of entries) t.match(entry, /\n.{20,}\n(.+\n)*\*\*Do:\*\* .{10,}/, code)
})
