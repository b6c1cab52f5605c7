import { readFileSync } from 'node:fs'
import t from 'tap'
import { configurationDocs } from '../../scripts/configuration-docs.ts'
import { parseConfig } from '../../src/config/load.ts'

const docs = new URL('../../docs/', import.meta.url)

t.test('docs/configuration.md is what the schema says', async (t) => {
  t.equal(readFileSync(new URL('configuration.md', docs), 'utf8'), configurationDocs(), '`npm run docs` writes it')
})

t.test('every key has a description', async (t) => {
  for (const line of configurationDocs().split('\n')) {
    if (/^\| `.*\|$/.test(line) && !line.includes('| `type` |')) t.notMatch(line, /\| {2}\|$/, line)
  }
})

t.test('the example is a configuration without mistakes', async (t) => {
  t.match(parseConfig(readFileSync(new URL('example.yaml', docs), 'utf8'), 'example.yaml'), { ok: true, warnings: [] })
})
