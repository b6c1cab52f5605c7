import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SecretReader } from '../../src/secrets/read-secret.ts'

t.test('the text itself', async (t) => {
  t.equal(await new SecretReader({ value: ' a b ' }).read(), ' a b ')
  await t.rejects(new SecretReader({ value: 'a\nb' }).read(), { code: 'SECRET_UNREADABLE' })
})

t.test('a variable, which may change', async (t) => {
  const env: NodeJS.ProcessEnv = { TOKEN: 'one' }
  const secret = new SecretReader({ env: 'TOKEN' }, env)
  t.equal(await secret.read(), 'one')
  env.TOKEN = 'two'
  t.equal(await secret.read(), 'two')
  for (const empty of ['', undefined]) {
    env.TOKEN = empty
    await t.rejects(secret.read(), { code: 'SECRET_UNREADABLE', message: /variable TOKEN is not set/, hint: /EnvironmentFile/ })
  }
  process.env.LOGRELAY_TEST_SECRET = 'from the process'
  t.equal(await new SecretReader({ env: 'LOGRELAY_TEST_SECRET' }).read(), 'from the process')
})

t.test('a file, without its line end, read again when it was written or replaced', async (t) => {
  const file = join(t.testdir({ token: 'one\n' }), 'token')
  const secret = new SecretReader({ file })
  t.equal(await secret.read(), 'one')
  t.equal(await secret.read(), 'one')
  writeFileSync(file, 'two\r\n')
  t.equal(await secret.read(), 'two')
  writeFileSync(`${file}.new`, 'new')
  renameSync(`${file}.new`, file)
  t.equal(await secret.read(), 'new')
  writeFileSync(file, '\ufeffmarked\r\n')
  t.equal(await secret.read(), 'marked', 'without the byte order mark of an editor')
  rmSync(file)
  await t.rejects(secret.read(), { code: 'SECRET_UNREADABLE', message: `${file} cannot be read (ENOENT)`, hint: /no such file/ })
  writeFileSync(file, ' päss wörd ')
  t.equal(await secret.read(), ' päss wörd ', 'and is good again by itself')
})

t.test('what is no secret is refused by name, and nothing of it is told', async (t) => {
  const directory = t.testdir({ directory: {} })
  for (const [content, words] of [
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['\ufeff\n', 'is empty'],
    ['tell\nnobody', 'has more than one line'],
    ['tell\n\n', 'has more than one line'],
    ['tell\r', 'has more than one line'],
    ['tell\u0000', 'holds control characters'],
    [`tell${'l'.repeat(65_536)}`, 'is larger than 65536 bytes'],
  ] as const) {
    const file = join(directory, 'secret')
    writeFileSync(file, content)
    const error = await new SecretReader({ file }).read().then(t.fail, (error) => error)
    t.match(error, { name: 'RelayError', code: 'SECRET_UNREADABLE', message: `${file} ${words}`, hint: String })
    t.notMatch(`${error.message} ${error.hint}`, 'tell')
  }
  const path = join(directory, 'directory')
  await t.rejects(new SecretReader({ file: path }).read(), { code: 'SECRET_UNREADABLE', message: `${path} is not a file` })
  writeFileSync(join(directory, 'largest'), `${'l'.repeat(65_535)}\n`)
  t.equal((await new SecretReader({ file: join(directory, 'largest') }).read()).length, 65_535)
})

t.test("a relative file is one of systemd's credentials, if there is one", async (t) => {
  const directory = t.testdir({ token: 'credential\n' })
  const env = { CREDENTIALS_DIRECTORY: directory }
  t.equal(await new SecretReader({ file: 'token' }, env).read(), 'credential')
  t.match(await new SecretReader({ file: 'package.json' }, env).read().catch(String), /package\.json has more than one line/)
  await t.rejects(new SecretReader({ file: 'nowhere' }, env).read(), {
    code: 'SECRET_UNREADABLE',
    message: /nowhere cannot be read \(ENOENT\)/,
  })
  mkdirSync(join(directory, 'package.json'))
  await t.rejects(new SecretReader({ file: 'package.json' }, env).read(), { message: `${join(directory, 'package.json')} is not a file` })
})
