import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import type { Report } from '../../src/config/problems.ts'
import type { Config } from '../../src/config/schema.ts'
import { checkSecretFiles } from '../../src/config/secret-files.ts'

async function briefly(sink: string, source = 'type: syslog', env: NodeJS.ProcessEnv = {}, beside = false): Promise<string[]> {
  const text = `sinks: { s: { ${sink} } }\npipelines: { p: { source: { ${source} }, sinks: [s] } }\n`
  const result = parseConfig(text, 'f.yaml')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const said: string[] = []
  const report: Report = (severity, path, message) => said.push(`${severity} ${path.join('.')} ${message}`)
  await checkSecretFiles(result.config as Config, report, env, beside)
  return said
}

const http = 'type: http, endpoints: ["https://a"]'

t.test('files', async (t) => {
  const dir = t.testdir({ good: 'secret\n', empty: ' \n' })
  t.same(await briefly(`${http}, username: u, password: { file: ${dir}/good }`), [])
  t.same(await briefly(`${http}, username: u, password: { file: ${dir}/empty }`), [`error sinks.s.password ${dir}/empty is empty`])
  t.same(await briefly(`${http}, headers: { X-Key: { file: ${dir}/none } }`), [
    `error sinks.s.headers.X-Key ${dir}/none cannot be read (ENOENT)`,
  ])
  t.match(await briefly(`${http}, preset: splunk_hec, splunk: { token: { file: ${dir}/none } }`), [/^error sinks\.s\.splunk\.token /])
  const elastic = 'type: elasticsearch, endpoints: ["https://a"]'
  t.match(await briefly(`${elastic}, api_key: { file: ${dir}/none } `), [/^error sinks\.s\.api_key /])
  const s3 = `type: s3, bucket: b, credentials: { access_key_id: plain, secret_access_key: { file: ${dir}/none } }`
  t.match(await briefly(http, s3), [/^error pipelines\.p\.source\.credentials\.secret_access_key /])
})

t.test('what its reader will refuse', async (t) => {
  const dir = t.testdir({ lines: 'one\ntwo\n', bell: 'a\u0007', long: 'x'.repeat(65_537), directory: {} })
  for (const [name, words] of [
    ['lines', 'has more than one line'],
    ['bell', 'holds control characters'],
    ['long', 'is larger than 65536 bytes'],
    ['directory', 'is not a file'],
  ]) {
    const said = [`error sinks.s.password ${dir}/${name} ${words}`]
    t.same(await briefly(`${http}, username: u, password: { file: ${dir}/${name} }`), said)
  }
  t.same(await briefly(`${http}, username: u, password: "a\\nb"`), ['error sinks.s.password the secret has more than one line'])
  const variable = ['error sinks.s.password the environment variable P has more than one line']
  t.same(await briefly(`${http}, username: u, password: { env: P }`, undefined, { P: 'a\nb' }), variable)
})

t.test("systemd's credentials", async (t) => {
  const dir = t.testdir({})
  const sink = `${http}, username: u, password: { file: token }`
  t.match(await briefly(sink, undefined, { CREDENTIALS_DIRECTORY: dir }), [/cannot be read/])
  await writeFile(join(dir, 'token'), 'secret')
  t.same(await briefly(sink, undefined, { CREDENTIALS_DIRECTORY: dir }), [])
  const own = `${http}, username: u, password: { file: package.json }`
  const said = ['error sinks.s.password package.json has more than one line']
  t.same(await briefly(own, undefined, { CREDENTIALS_DIRECTORY: dir }), said, 'not among them: from the working directory')
})

t.test('a command beside the service does not see its credentials, and says no more than that', async (t) => {
  const dir = t.testdir({})
  const named = (file: string) => `${http}, username: u, password: { file: "${file}" }`
  const beside = (file: string) => briefly(named(file), undefined, {}, true)
  t.match(await beside('siem-token'), [/^warning sinks\.s\.password siem-token is not seen here: .*for the service alone/])
  t.match(await beside('/run/credentials/logrelay.service/none'), [/^warning .* is not seen here/])
  t.match(await beside(`${dir}/none`), [/^error .*cannot be read/], 'an ordinary file that is missing')
  t.match(await briefly(named('siem-token')), [/^error .*cannot be read/], 'the relay itself')
})

t.test('variables', async (t) => {
  const sink = `${http}, username: u, password: { env: PASSWORD }`
  t.same(await briefly(sink, undefined, { PASSWORD: 'secret' }), [])
  t.same(await briefly(sink), ['warning sinks.s.password the environment variable PASSWORD is not set here'])
})
