import { join } from 'node:path'
import t from 'tap'
import type { LettersApi, PipelineLetters, RelayApi, ReplayStep, ShownLetter } from '../../src/cli/relay-api.ts'
import { RelayError } from '../../src/core/errors.ts'
import { queue } from './example-status.ts'
import { FakeTerminal, fakeRelay, run } from './fake-terminal.ts'

const notRunning = () => Promise.reject(new RelayError('NOT_RUNNING', 'no relay runs', { hint: 'start one' }))
async function* silent(): AsyncGenerator<never> {
  yield await notRunning()
}

function configIn(t: { testdir(files: { 'f.yaml': string }): string }): string {
  return join(t.testdir({ 'f.yaml': 'data_dir: /srv/relay\nzebra: 1\npipelines: { nginx: {}, asa: {} }\n' }), 'f.yaml')
}

const letters: PipelineLetters = {
  pipeline: 'nginx',
  sink: 'siem',
  messages: 3,
  bytes: 300,
  evicted: 0,
  groups: [{ id: '1a2b3c4d', code: 'MESSAGE_TOO_LARGE', reason: '# bytes', messages: 3, oldestAtMs: 0, newestAtMs: 0 }],
}

const shown: ShownLetter = {
  seq: 7,
  sink: 'siem',
  queueId: 'q',
  code: 'MESSAGE_TOO_LARGE',
  reason: '70000 bytes\x1b[2J',
  rejectedAtMs: 61_000,
  receivedAtMs: 1000,
  origin: { peer: '192.0.2.1', port: 5, transport: 'tls', proxy: { peer: '192.0.2.9' } },
  flags: 1,
  group: '1a2b3c4d',
  bytes: Buffer.from('m\xff\x1b', 'latin1').toString('base64'),
}

const plan: ReplayStep = { plan: { messages: 3, groups: letters.groups, to: 'elasticsearch' } }

async function* of<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

/** Of one sink with letters, or of these. */
function relayWith(
  parts: Partial<LettersApi>,
  deadLetters: Record<string, number> = { siem: 3, archive: 0 },
  more: Partial<RelayApi> = {},
): RelayApi {
  const base = fakeRelay()
  return { ...base, getQueue: async () => ({ queue: { ...queue, deadLetters } }), ...more, letters: { ...base.letters, ...parts } }
}

t.test('ls of a running relay, of a disk, and of nothing', async (t) => {
  const config = configIn(t)
  const asked: unknown[] = []
  const groups = (...args: unknown[]) => {
    asked.push(args)
    return of(letters, { ...letters, sink: 'archive' })
  }
  const all = await run(['deadletter', 'ls', '--config', config], { relay: relayWith({ groups }) })
  t.match(all, {
    status: 0,
    out: /^PIPELINE +SINK +GROUP.*\nnginx +siem +1a2b3c4d +3 .*MESSAGE_TOO_LARGE: # bytes\nnginx +archive /,
    err: '',
  })
  const one = await run(['deadletter', 'list', 'nginx', '--sink', 'archive', '--json', '--config', config], {
    relay: relayWith({ groups }),
  })
  t.same(JSON.parse(one.out), { ...letters, sink: 'archive' })
  t.same(asked, [
    ['/srv/relay', undefined],
    ['/srv/relay', 'nginx'],
  ])
  t.match(await run(['deadletter', 'ls', '--config', config], { relay: relayWith({ groups: () => of() }) }), {
    status: 0,
    out: 'No dead letters.\n',
  })

  const offline = (_dataDir: string, pipeline: string) =>
    pipeline === 'nginx' ? of(letters) : (failing(new RelayError('PIPELINE_UNKNOWN', 'never ran')) as AsyncGenerator<never>)
  const relay = relayWith({ groups: silent, offlineGroups: offline })
  const disk = await run(['deadletter', 'ls', '--config', config], { relay })
  t.match(disk, { status: 0, out: /nginx +siem/, err: 'no relay is running: reading the dead letters on disk\n' })
  t.equal((await run(['deadletter', 'ls', 'asa', '--config', config], { relay })).status, 2, 'what was named must be there')
})

async function* failing(error: Error): AsyncGenerator<never> {
  yield await Promise.reject(error)
}

t.test('show in each of its forms', async (t) => {
  const config = configIn(t)
  const asked: unknown[] = []
  const relay = relayWith({
    read: (...args) => {
      asked.push(args)
      return of(shown, shown)
    },
  })
  const show = (...args: string[]) => run(['deadletter', 'show', 'nginx', ...args, '--config', config], { relay })
  const text = await show()
  t.equal(
    text.out.split('\n').slice(0, 2).join('\n'),
    '7  1970-01-01T00:00:01Z  192.0.2.1 tls through 192.0.2.9 [truncated]  m\ufffd\\x1b\n' +
      '    refused 1970-01-01T00:01:01Z, group 1a2b3c4d: MESSAGE_TOO_LARGE: 70000 bytes\\x1b[2J',
  )
  t.equal((await show('--raw', '--sink', 'archive', '--limit', '5')).out, 'm\xff\x1b\nm\xff\x1b\n')
  t.same(JSON.parse((await show('--json', '--reason', '1A2B3C4D', '--number', '7')).out.split('\n')[0] ?? ''), shown)
  t.same(asked, [
    ['/srv/relay', 'nginx', 'siem', { limit: 20 }],
    ['/srv/relay', 'nginx', 'archive', { limit: 5 }],
    ['/srv/relay', 'nginx', 'siem', { group: '1a2b3c4d', seq: 7, limit: 20 }],
  ])
  const odd = { ...shown, origin: { ...shown.origin, proxy: { peer: '192.0.2.9', authority: 'a\u009b2J' } } }
  const printed = await run(['deadletter', 'show', 'nginx', '--json', '--config', config], { relay: relayWith({ read: () => of(odd) }) })
  t.notMatch(printed.out, /[\u0080-\u009f]/, 'a terminal would obey')
  t.same(JSON.parse(printed.out), odd)
  for (const wrong of [
    ['--raw', '--json'],
    ['--limit', '0'],
    ['--number', '-1'],
    ['--reason', 'xyz'],
  ])
    t.equal((await show(...wrong)).status, 2)
  t.equal((await run(['deadletter', 'show', '--config', config], { relay })).status, 2)
  const terminal = new FakeTerminal([], 1)
  await run(['deadletter', 'show', 'nginx', '--config', config], { relay, terminal })
  t.equal(terminal.writes, 1, 'nobody reads any more')
})

t.test('show without a relay reads the disk, and says so once', async (t) => {
  const config = configIn(t)
  const offlineQueue = async () => ({ queue: { ...queue, deadLetters: { siem: 1 } } })
  const relay = relayWith({ read: silent, offlineRead: () => of(shown) }, {}, { getQueue: notRunning, offlineQueue })
  const found = await run(['deadletter', 'show', 'nginx', '--config', config], { relay })
  t.match(found, { status: 0, out: /^7 /, err: 'no relay is running: reading the dead letters on disk\n' })
  const broken = relayWith({ read: () => failing(new RelayError('CONTROL_FAILED', 'broken')) })
  t.equal((await run(['deadletter', 'show', 'nginx', '--config', config], { relay: broken })).status, 1)
})

t.test('a sink has to be named where several have letters; none is no error', async (t) => {
  const config = configIn(t)
  const several = relayWith({}, { siem: 1, '@source': 2, archive: 0 })
  for (const args of [
    ['show', 'nginx'],
    ['replay', 'nginx'],
    ['drop', 'nginx', '--all'],
  ]) {
    const answer = await run(['deadletter', ...args, '--config', config], { relay: several })
    t.match(answer, { status: 2, err: /nginx has dead letters of siem and @source\n {2}choose one: --sink siem/ })
    const none = await run(['deadletter', ...args, '--config', config], { relay: relayWith({}, {}) })
    t.match(none, { status: 0, out: '', err: /^nginx has no dead letters: / })
  }
  const empty = relayWith({ read: () => of() })
  const missing = await run(['deadletter', 'show', 'nginx', '--reason', '00000000', '--config', config], { relay: empty })
  t.match(missing, { status: 1, err: /no dead letters of group 00000000/ })
})

t.test('replay: its plan, its end, and what the exit status says', async (t) => {
  const config = configIn(t)
  const replay = async (steps: ReplayStep[], ...args: string[]) => {
    const asked: unknown[] = []
    const relay = relayWith({
      replay: (...all) => {
        asked.push(all)
        return of(...steps)
      },
    })
    return { asked, ...(await run(['deadletter', 'replay', 'nginx', ...args, '--config', config], { relay })) }
  }
  const done = await replay([plan, { progress: { delivered: 1, refused: 0 } }, { progress: { delivered: 3, refused: 0 } }])
  t.match(done, { status: 0, out: '3 dead letters of nginx will be sent to sink siem (elasticsearch).\n3 delivered.\n' })
  t.same(done.asked, [['/srv/relay', 'nginx', 'siem', { dryRun: false }]])
  const stopped = { code: 'ENDPOINT_UNREACHABLE', message: 'nobody there', hint: 'look' } as const
  const partly = await replay([plan, { progress: { delivered: 1, refused: 1, stopped } }], '--reason', '1a2b3c4d')
  t.equal(partly.status, 1)
  t.match(
    partly.out,
    /1 delivered\.\n1 refused again: they stay.*\nStopped: nobody there \(ENDPOINT_UNREACHABLE\)\.\n {2}look\n1 were not sent/,
  )
  const dry = await replay([plan], '--dry-run')
  t.match(dry, {
    status: 0,
    out: /^3 dead letters of nginx would be sent to sink siem \(elasticsearch\)\. Nothing was sent\. The sink works\.\n\nGROUP/,
  })
  t.same(dry.asked, [['/srv/relay', 'nginx', 'siem', { dryRun: true }]])
  const failing = { code: 'ENDPOINT_AUTH', message: 'wrong password', sinceMs: 0 }
  const source: ReplayStep = { plan: { messages: 1, groups: [], to: 'source', failing } }
  t.match(
    (await replay([source], '--dry-run', '--sink', '@source')).out,
    /1 dead letter of nginx would be read again by the source.*The source fails now, and has for .*: wrong password \(ENDPOINT_AUTH\)/,
  )
  t.match(await replay([{ plan: { messages: 0, groups: [], to: 'syslog' } }], '--number', '3'), {
    status: 1,
    out: '',
    err: /with number 3 for sink siem/,
  })
  t.equal((await replay([])).status, 1, 'an answer that breaks off')
})

t.test('replay and drop need a running relay', async (t) => {
  const config = configIn(t)
  const relay = relayWith({ replay: silent, drop: notRunning }, {}, { getQueue: notRunning })
  for (const args of [
    ['replay', 'nginx'],
    ['replay', 'nginx', '--sink', 'siem'],
    ['drop', 'nginx', '--sink', 'siem', '--all'],
  ]) {
    const answer = await run(['deadletter', ...args, '--config', config], { relay })
    t.match(answer, { status: 1, err: /no relay runs\n {2}start it: replay and drop need a running relay/ })
  }
})

t.test('drop wants exactly one choice', async (t) => {
  const config = configIn(t)
  const asked: unknown[] = []
  const relay = relayWith({ drop: async (...args) => asked.push(args) * 1000 })
  const drop = (...args: string[]) => run(['deadletter', 'drop', 'nginx', ...args, '--config', config], { relay })
  for (const wrong of [[], ['--all', '--reason', '1a2b3c4d'], ['--all', '--number', '1']]) t.equal((await drop(...wrong)).status, 2)
  t.same(asked, [])
  t.match(await drop('--all'), { status: 0, out: '1,000 dead letters of nginx for sink siem deleted.\n' })
  await drop('--reason', '1a2b3c4d')
  t.same(asked, [
    ['/srv/relay', 'nginx', 'siem', {}],
    ['/srv/relay', 'nginx', 'siem', { group: '1a2b3c4d' }],
  ])
})

t.test('called wrongly it says how', async (t) => {
  t.match(await run(['deadletter']), { status: 2, err: /ls, show, replay or drop/ })
  t.equal((await run(['deadletter', 'burn'])).status, 2)
  t.match((await run(['deadletter', 'replay', '--help'])).out, /--dry-run/)
})
