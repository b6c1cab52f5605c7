import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { checkSinkFiles } from '../../src/config/sink-files.ts'

async function briefly(path: string): Promise<string[]> {
  const text = `sinks: { s: { type: file, path: ${JSON.stringify(path)} } }\npipelines: { p: { source: { type: syslog }, sinks: [s] } }\n`
  const result = parseConfig(text, 'f.yaml')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const said: string[] = []
  await checkSinkFiles(result.config, (severity, at, message, hint) => said.push(`${severity} ${at.join('.')} ${message}: ${hint}`))
  return said
}

t.test('what is there must be a regular file', async (t) => {
  const dir = t.testdir({ 'p.log': '', directory: {} })
  const hint = 'name a file, or write "path: -" for standard output'
  t.same(await briefly('/dev/null'), [`error sinks.s.path /dev/null is no regular file: ${hint}`])
  t.same(await briefly(join(dir, 'directory')), [`error sinks.s.path ${dir}/directory is no regular file: ${hint}`])
  for (const path of ['-', join(dir, '{pipeline}.log'), join(dir, 'none/yet.log')]) t.same(await briefly(path), [], path)
})
