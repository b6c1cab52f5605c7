import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig, parseConfig, readConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problems.ts'
import { matchAll } from './match-all.ts'

const rest = 'sinks: { s: { type: file } }\npipelines: { p: { source: { type: syslog }, sinks: [s] } }\n'

function problemsOf(text: string): string[] {
  const result = parseConfig(text, 'f.yaml')
  return (result.ok ? result.warnings : result.problems).map((problem) => formatProblem(problem).replace(/\n\s+/, ' => '))
}

t.test('the smallest configuration has every default', async (t) => {
  const result = parseConfig(rest, 'f.yaml')
  t.match(result, {
    ok: true,
    builtin: false,
    file: 'f.yaml',
    warnings: [],
    config: {
      data_dir: '/var/lib/logrelay',
      admin: { listen: { host: '127.0.0.1', port: 9440 } },
      sinks: { s: { type: 'file', path: 'logs/{pipeline}.log', retry: { initial: 1000, max: 300_000 } } },
      pipelines: {
        p: {
          source: { device: 'generic-rfc5424', host: '::', max_message_size: 65_536 },
          queue: { max_size: 2 ** 30, when_full: 'block' },
        },
      },
    },
  })
})

t.test('each mistake says where it is and what to write instead', async (t) => {
  const cases: [text: string, problem: string][] = [
    ['data_dirr: x\n', 'f.yaml:1:1: error: data_dirr: unknown key => write "data_dir"'],
    ['log: { level: inf }\n', 'f.yaml:1:15: error: log.level: must be one of debug, info, warn, error, not "inf" => write "info"'],
    ['log:\n  levle: info\n', 'f.yaml:2:3: error: log.levle: unknown key => write "level"'],
    ['log:\n  zebra: info\n', 'f.yaml:2:3: error: log.zebra: unknown key => known here: level'],
    ['data_dir: 5\n', 'f.yaml:1:11: error: data_dir: must be text, not 5 => write "5" in quotes'],
    ['data_dir: ""\n', 'f.yaml:1:11: error: data_dir: must not be empty'],
    ['log:\n', 'f.yaml:1:1: error: log: is empty: it must be a section with keys => give it a value, or remove the key'],
    ['min_free_disk: much\n', 'f.yaml:1:16: error: min_free_disk: must be a size such as 64KiB, 500MB or 1GiB (found "much")'],
    [
      'admin: { listen: "9440" }\n',
      'f.yaml:1:18: error: admin.listen: must be an address and a port, such as 127.0.0.1:9440 or [::1]:9440 (found "9440")',
    ],
  ]
  for (const [text, problem] of cases) t.same(problemsOf(text + rest), [problem], text)
})

t.test('mistakes in sinks and pipelines', async (t) => {
  const source = (text: string) => `sinks: { s: { type: file } }\npipelines: { p: { sinks: [s], source: { type: syslog, ${text} } } }\n`
  const sink = (text: string) => `sinks: { s: { ${text} } }\npipelines: { p: { source: { type: syslog }, sinks: [s] } }\n`
  const cases: [text: string, problem: RegExp][] = [
    [source('prot: 5'), /^f.yaml:2:55: error: pipelines.p.source.prot: unknown key => write "port"$/],
    [source('port: "514"'), /port: must be a number, not "514" => write 514 without quotes$/],
    [source('port: 70000'), /port: must be at most 65535, not 70000$/],
    [source('max_connections: 1.5'), /must be a whole number, not 1.5$/],
    [source('device: ngnx'), /device: is not a known device type \(found "ngnx"\) => write "nginx"/],
    [source('device: zzzzzz'), /=> `logrelay types` lists them$/],
    [source('transports: [tpc]'), /transports\[0\]: must be one of udp, tcp, tls, not "tpc" => write "tcp"$/],
    [source('transports: udp'), /transports: must be a list, not "udp" => write \[udp\]$/],
    [source('transports: []'), /transports: must not be empty$/],
    [source('tls: { client_auth: maybe }'), /client_auth: must be one of required, optional, not "maybe"$/],
    [
      sink('type: sylog'),
      /^f.yaml:1:21: error: sinks.s.type: must be one of syslog, file, elasticsearch, http, not "sylog" => write "syslog"$/,
    ],
    [sink(''), /sinks.s.type: is missing => write "type: syslog" or "type: file" or "type: elasticsearch" or "type: http"$/],
    [sink('type: syslog'), /sinks.s.endpoints: is missing => add "endpoints:" {2}# Where to send/],
    [sink('type: syslog, endpoints: ["tcp://a"], tls: { verify: yes }'), /verify: must be true or false, not "yes" => write true$/],
    [sink('type: file, retry: { initial: 5s, max: 1s }'), /sinks.s.retry.max: must not be less than retry.initial$/],
  ]
  for (const [text, problem] of cases) matchAll(t, problemsOf(text), [problem], text)
})

t.test('a mistake never tells a password', async (t) => {
  const http = (more: string) =>
    `sinks: { s: { type: http, endpoints: ["https://a"], ${more} } }\npipelines: { p: { source: { type: syslog }, sinks: [s] } }\n`
  const of = (endpoints: string) => http('').replace('["https://a"]', endpoints)
  const cases: [text: string, problem: RegExp][] = [
    [http('password: 31337'), /password: must be "\{ file: \/path \}", "\{ env: NAME \}", or the text itself$/],
    [http('headers: { X-Key: 31337 }'), /X-Key: must be "\{ file: [^(]*$/],
    [http('proxy: "htp://me:31337@proxy:1"'), /proxy: must be .* \(found "htp:\/\/\*\*\*@proxy:1"\)$/],
    [of('["https://me:31337@a"]'), /must not hold a user or password \(found "https:\/\/\*\*\*@a"\)/],
    [of('["https://me:pass/31337@a"]'), /must be http:\/\/.* \(found "https:\/\/\*\*\*@a"\)$/],
    [of('["me:31337@a"]'), /must be http:\/\/.* \(found "\*\*\*@a"\)$/],
    [of('["htps://a/b?token=31337"]'), /must be http:\/\/.* \(found "htps:\/\/a\/b\?\*\*\*"\)$/],
    [of('https://me:31337@a'), /must be a list, not "https:\/\/\*\*\*@a" => write \[https:\/\/\*\*\*@a\]$/],
  ]
  for (const [text, problem] of cases) matchAll(t, problemsOf(text), [problem], text)
})

t.test('all mistakes come at once, in the order of the file, those between sections included', async (t) => {
  const problems = problemsOf(`sinks:
  good: { type: file, path: one.log }
  bad: { type: fiel }
pipelines:
  a:
    source: { type: syslog, port: x }
    sinks: [good, gone]
  b:
    sorce: { type: syslog }
    sinks: [bad]
  c:
    source: { type: syslog, port: 1 }
    sinks: [good]
zebra: 1
`)
  matchAll(t, problems, [
    /^f.yaml:2:29: error: sinks.good.path: the same file is written by pipelines a and c/,
    /^f.yaml:3:16: error: sinks.bad.type: /,
    /^f.yaml:6:35: error: pipelines.a.source.port: must be a number, not "x"/,
    /^f.yaml:7:19: error: pipelines.a.sinks\[1\]: there is no sink "gone"/,
    /^f.yaml:8:3: error: pipelines.b.source: is missing/,
    /^f.yaml:9:5: error: pipelines.b.sorce: unknown key => write "source"/,
    /^f.yaml:14:1: error: zebra: unknown key/,
  ])
})

t.test('a default that stands in for a wrong value is nobody’s mistake', async (t) => {
  const pipeline = 'p: { source: { type: syslog, device: cisco-asa, transports: [tcp, upd] }, queue: { when_full: drop }, sinks: [s] }'
  matchAll(t, problemsOf(`sinks: { s: { type: file } }\npipelines: { ${pipeline} }\n`), [
    /transports\[1\]/,
    /queue.when_full: must be one of block/,
  ])
})

t.test('texts that are no configuration', async (t) => {
  matchAll(t, problemsOf(''), [/^f.yaml:1:1: error: is empty => it needs at least "sinks:" and "pipelines:"/])
  matchAll(t, problemsOf('\n  \n'), [/is empty/])
  matchAll(t, problemsOf('# sinks: {}\n\n  # nothing yet\n'), [
    /^f.yaml:1:1: error: holds no configuration yet: it is all comments => take the # from /,
  ])
  matchAll(t, problemsOf('- a\n- b\n'), [/must be a section with keys, not a list/])
  matchAll(t, problemsOf('<13>Oct 11 22:14:15 host x'), [/error: /])
  matchAll(t, problemsOf('a: &a [*a]\n'), [/sinks: is missing/, /pipelines: is missing/, /a: unknown key/], 'a circle')
  matchAll(t, problemsOf('sinks:\n\ts: 1\n'), [/^f.yaml:2:1: error: a tab in the indentation => indent with spaces$/])
  matchAll(t, problemsOf('sinks: {}\npipelines: {}\n'), [/pipelines: needs at least one pipeline/])
  matchAll(t, problemsOf(`${'x: &x [1]\n'}__proto__: { data_dir: /tmp }\n${rest}`), [/x: unknown key/, /__proto__: unknown key/])
})

t.test('of endless mistakes the first are shown', async (t) => {
  const problems = problemsOf(Array.from({ length: 300 }, (_, i) => `a${i}: 1\n`).join('') + rest)
  t.equal(problems.length, 201)
  t.match(problems[200], 'f.yaml:200:1: error: 100 more mistakes are not shown')
})

t.test('control characters of a file never reach the terminal', async (t) => {
  const [problem] = problemsOf(`"a\\e[31m": 1\n${rest}`)
  t.match(problem, /a\\x1b\[31m: unknown key/)
})

t.test('a file is read, and its mistakes are one error', async (t) => {
  const dir = t.testdir({ 'good.yaml': rest, 'bad.yaml': `zebra: 1\n${rest}`, directory: {} })
  t.match(await loadConfig(join(dir, 'good.yaml')), { ok: true, builtin: false, file: join(dir, 'good.yaml') })
  await t.rejects(loadConfig(join(dir, 'bad.yaml')), {
    code: 'CONFIG_INVALID',
    message: /^1 error, 0 warnings in the configuration\n.*bad.yaml:1:1: error: zebra/,
  })
  await t.rejects(loadConfig(join(dir, 'none.yaml')), { code: 'CONFIG_NOT_FOUND', message: /none.yaml/ })
  writeFileSync(join(dir, 'device.yaml'), rest.replace('{ type: file }', '{ type: file, path: /dev/null }'))
  t.match(await readConfig(join(dir, 'device.yaml')), { ok: false, problems: [{ message: '/dev/null is no regular file' }] })
  t.match(await readConfig(join(dir, 'directory')), { ok: false, problems: [{ message: 'is a directory' }] })
})

t.test('files that the configuration names are looked at, beside its other mistakes', async (t) => {
  const dir = t.testdir({ 'f.yaml': `zebra: 1\ntls: { cert_file: /does/not/exist.pem }\n${rest}` })
  const result = await readConfig(join(dir, 'f.yaml'))
  t.match(result, {
    ok: false,
    problems: [
      { path: 'zebra' },
      { path: 'tls.cert_file', line: 2, message: 'needs key_file beside it' },
      { path: 'tls.cert_file', line: 2, message: /cannot be read \(ENOENT\)/ },
    ],
  })
})

t.test('without a file the built-in configuration holds: a laptop, no privileges', async (t) => {
  const { config, builtin, warnings } = await loadConfig(undefined)
  t.ok(builtin)
  t.same(warnings, [])
  t.match(config, {
    data_dir: './data',
    admin: { listen: { host: '127.0.0.1', port: 9440 } },
    pipelines: {
      nginx: { source: { device: 'nginx', host: 'localhost', port: 10_435, transports: ['udp', 'tcp', 'tls'] }, sinks: ['file'] },
    },
    sinks: { file: { type: 'file', format: 'raw', path: 'logs/{pipeline}.log' } },
  })
})
