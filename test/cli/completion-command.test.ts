import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { completionScript } from '../../src/cli/completion-script.ts'
import { run } from './fake-terminal.ts'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const yaml = 'sinks: { f: { type: file } }\npipelines: { nginx: {}, cisco: {}, "a; rm -rf x": {} }\n'

t.test('the command prints the script', async (t) => {
  t.equal((await run(['completion', 'bash'])).out, completionScript('bash'))
  t.equal((await run(['completion', 'zsh'])).out, completionScript('zsh'))
  t.equal((await run(['completion', 'fish'])).status, 2)
  t.notMatch((await run(['--help'])).out, /__complete/)
})

t.test('answers: a candidate a line, or what the shell knows better', async (t) => {
  const dir = t.testdir({ 'f.yaml': yaml, 'bad.yaml': 'a: [' })
  const answer = async (...words: string[]) => {
    const { status, out, err } = await run(['__complete', ...words])
    t.same([status, err], [0, ''], words.join(' '))
    return out
  }
  t.equal(
    await answer('dr'),
    'drain\tTake a running relay out of service: not ready at once, ports closed after drain_delay, the queue delivered\n',
  )
  t.equal(await answer('--config', ''), ':file\n')
  t.equal(await answer('bench-self', '--dir', ''), ':directory\n')
  t.equal(
    await answer('queue', '--config', join(dir, 'f.yaml'), ''),
    'nginx\ncisco\n',
    'nothing that a shell would take for more than a name',
  )
  t.equal(await answer('queue', '--config', join(dir, 'f.yaml'), 'ng'), 'nginx\n')
  t.equal(await answer('queue', '--config', join(dir, 'bad.yaml'), ''), '', 'a mistake in the file is no error here')
  t.equal(await answer('queue', '--config', join(dir, 'none.yaml'), ''), '')
  t.match(await answer('parse', '--type', 'cisco-a'), /^cisco-asa\t/)
  t.equal(await answer('zzz', '--zzz', 'zzz'), '')
})

t.test('bash completes with it, whatever the program was called by', async (t) => {
  const dir = t.testdir({ bin: {}, cache: {}, home: { 'f.yaml': yaml, folder: { 'g.yaml': '' }, 'with space.yaml': '' } })
  writeFileSync(
    join(dir, 'bin/logrelay'),
    `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${mainFile}' "$@"\n`,
  )
  chmodSync(join(dir, 'bin/logrelay'), 0o755)
  writeFileSync(join(dir, 'home/logrelay'), '#!/bin/sh\necho not-to-be-run\n', { mode: 0o755 })
  const complete = (program: string, ...words: string[]) => {
    const script = `
      source /dev/stdin <<<"$SCRIPT"
      [ "$(complete -p logrelay)" = 'complete -F _logrelay logrelay' ] || exit 9
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _logrelay "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', program, ...words], {
      encoding: 'utf8',
      cwd: join(dir, 'home'),
      env: {
        PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
        SCRIPT: completionScript('bash'),
        NODE_COMPILE_CACHE: join(dir, 'cache'),
      },
    })
    t.same([status, stderr], [0, ''], words.join(' '))
    return stdout.trimEnd().split('\n')
  }
  for (const program of ['logrelay', '/usr/bin/logrelay', './logrelay']) t.same(complete(program, 'dr'), ['drain'])
  t.same(complete('logrelay', 'deadletter', ''), ['ls', 'show', 'replay', 'drop'])
  t.ok(complete('logrelay', 'queue', '--').includes('--messages'))
  t.same(complete('logrelay', 'check', '--config', 'fo'), ['folder'])
  t.same(complete('logrelay', 'check', '--config', 'w'), ['with space.yaml'])
  t.same(complete('logrelay', 'check', '--config', '=', 'f.'), ['f.yaml'])
  t.same(complete('logrelay', 'check', '--config', '=').toSorted(), ['f.yaml', 'folder', 'logrelay', 'with space.yaml'])
  t.same(complete('logrelay', 'parse', '--framing=n'), ['--framing=newline', '--framing=nul'], 'where bash was told not to split there')
  t.same(complete('logrelay', 'bench-self', '--dir', ''), ['folder'])
  t.same(complete('logrelay', 'queue', '--config', 'f.yaml', 'c'), ['cisco'])
  t.same(complete('logrelay', 'zzz', '--limit', 'zzz'), [''])
})

t.test('an answer loads no part of a relay', async (t) => {
  const hook = `import { registerHooks } from 'node:module'
    import { writeSync } from 'node:fs'
    registerHooks({ load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context) } })`
  const args = [
    `--import=data:text/javascript,${encodeURIComponent(hook)}`,
    '--disable-warning=ExperimentalWarning',
    mainFile,
    '__complete',
    'queue',
    '',
  ]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  t.not(stdout, '')
  const loaded = stderr.split('\n')
  t.ok(
    loaded.some((url) => url.endsWith('/cli/run-cli.ts')),
    'what is loaded is seen',
  )
  const parts =
    /\/src\/(sources|queue|delivery|sinks|pipeline|health|telemetry|app\/compose)\/|\/node_modules\/(classic-level|koffi|@aws-sdk|undici|pino)\//
  t.same(
    loaded.filter((url) => parts.test(url)),
    [],
  )
})

t.test('the zsh script is what a directory of fpath wants', async (t) => {
  t.match(completionScript('zsh'), /^#compdef logrelay\n/)
  t.notMatch(completionScript('zsh') + completionScript('bash'), /undefined|\$\{[a-z]+Request/)
  execFileSync('bash', ['-n'], { input: completionScript('bash') })
})
