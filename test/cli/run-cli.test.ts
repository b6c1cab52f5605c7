import { join } from 'node:path'
import t from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { fakeRelay, run } from './fake-terminal.ts'

t.test('help names every command and the exit statuses', async (t) => {
  const { status, out, err } = await run(['--help'])
  t.equal(status, 0)
  t.equal(err, '')
  for (const command of [
    'start',
    'check',
    'status',
    'queue',
    'drain',
    'lb',
    'plan',
    'bench-self',
    'doctor',
    'unit',
    'completion',
    'parse',
    'types',
    'version',
  ])
    t.match(out, `logrelay ${command}`)
  t.match(out, /0 ok, 1 failure, 2 wrong usage or configuration/)
  t.match((await run(['queue', '--help'])).out, /--messages.*--from.*--limit.*--raw/s)
})

t.test('wrong usage is said, with exit status 2', async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /Name a command/],
    [['stats'], /unknown command\n.*logrelay status may be what you meant/],
    [['zzzzzz'], /Unknown argument: zzzzzz/],
    [['types', '--jsn'], /Unknown argument: jsn/],
    [['check', '--config'], /Not enough arguments following: config/],
    [['parse', '--framing', 'lines'], /Invalid values.*framing/s],
    [['parse', '--type', 'ngnx'], /--type ngnx is not a known device type\n {2}write "nginx"/],
    [['parse', '--timezone', 'Mars'], /--timezone Mars: must be a time zone/],
    [['queue', '--messages'], /--messages needs a pipeline/],
    [['queue', 'p', '--raw'], /belong to --messages/],
    [['queue', 'p', '--messages', '--raw', '--json'], /exclude each other/],
    [['queue', 'p', '--messages', '--limit', 'x'], /--limit must be/],
    [['queue', 'p', '--messages', '--from', '-1'], /--from must be/],
  ]
  for (const [args, message] of cases) {
    const { status, out, err } = await run(args)
    t.equal(status, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, message)
    t.match(err, /^logrelay: /)
  }
})

t.test('version and types', async (t) => {
  t.match((await run(['version'])).out, /^logrelay \d+\.\d+\.\d+ \(from sources, Node\.js 2\d\./)
  t.equal((await run(['--version'])).out, (await run(['version'])).out)
  t.match((await run(['types'])).out, /^TYPE +PORT +WHAT IT SENDS\n.*\nnginx +10435 +NGINX/s)
  const rows = JSON.parse((await run(['types', '--json'])).out) as { name: string; port: number }[]
  t.match(
    rows.find(({ name }) => name === 'nginx'),
    { port: 10_435 },
  )
})

t.test('check', async (t) => {
  const rest = 'sinks: { f: { type: file } }\npipelines: { p: { source: { type: syslog }, sinks: [f] } }\n'
  const dir = t.testdir({ 'good.yaml': rest, 'warns.yaml': `admin: { listen: "0.0.0.0:1" }\n${rest}`, 'bad.yaml': `zebra: 1\n${rest}` })
  const good = await run(['check', '--config', join(dir, 'good.yaml')])
  t.same([good.status, good.out], [0, `${dir}/good.yaml: 0 errors, 0 warnings\n`])
  const warns = await run(['check', '--config', join(dir, 'warns.yaml')])
  t.equal(warns.status, 0)
  t.match(warns.out, /warning: admin.listen: .*\n.*warns.yaml: 0 errors, \d warnings?\n$/s)
  const asked = fakeRelay({ bucketWarnings: async () => [{ pipeline: 'trail', message: 'the bucket deletes too soon' }] })
  const bucket = await run(['check', '--config', join(dir, 'good.yaml')], { relay: asked })
  t.match(bucket.out, /good\.yaml: warning: pipelines\.trail\.source\.rpo: the bucket deletes too soon\n.*: 0 errors, 1 warning\n$/)
  t.equal(bucket.status, 0)
  const bad = await run(['check', '--config', join(dir, 'bad.yaml')])
  t.equal(bad.status, 2)
  t.match(bad.out, /bad.yaml:1:1: error: zebra: unknown key\n.*\n.*bad.yaml: 1 error, 0 warnings\n$/)
  const none = await run(['check', '--config', join(dir, 'none.yaml')])
  t.same([none.status, none.out], [2, ''])
  t.match(none.err, /code: CONFIG_NOT_FOUND/)
})

t.test('start', async (t) => {
  const relay = (destination: string) =>
    fakeRelay({
      runRelay: async ({ configFile, onStarted }) => {
        t.equal(configFile, 'f.yaml')
        const pipeline = { name: 'p', device: 'nginx', listening: [], queued: 0, sinks: [{ name: 's', type: 'file', destination }] }
        onStarted({ version: '1', configFile: 'f.yaml', builtin: false, dataDir: '/d', admin: 'a:1', pipelines: [pipeline], warnings: [] })
        return 3
      },
    })
  const started = await run(['start', '--config', 'f.yaml'], { relay: relay('/d/p.log') })
  t.equal(started.status, 3, 'the exit status is the relay’s')
  t.match(started.out, /^logrelay is running with f.yaml/)
  const stdout = await run(['start', '--config', 'f.yaml'], { relay: relay('-') })
  t.equal(stdout.out, '', 'a sink that writes to standard output has it for itself')
  t.match(stdout.err, /^logrelay is running/)
})

t.test('what a command throws is said once, with exit status 1', async (t) => {
  const relay = fakeRelay({ runRelay: () => Promise.reject(new RelayError('PORT_IN_USE', 'port 1 is in use')) })
  const plain = await run(['start'], { relay })
  t.same([plain.status, plain.out, plain.err], [1, '', 'logrelay: port 1 is in use\n  code: PORT_IN_USE (docs/errors.md)\n'])
  t.match((await run(['start', '--verbose'], { relay })).err, /run-cli\.test\.ts/)
})
