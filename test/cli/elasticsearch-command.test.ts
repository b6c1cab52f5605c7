import { join } from 'node:path'
import { type Test, test } from 'tap'
import { BulkServer } from '../support/bulk-server.ts'
import { run } from './fake-terminal.ts'

async function fixture(t: Test) {
  const server = await BulkServer.start()
  t.teardown(() => server.stop())
  const yaml = `
sinks: { siem: { type: elasticsearch, endpoints: ["${server.url}"] } }
pipelines: { nginx: { source: { type: syslog, device: nginx }, sinks: [siem] } }
`
  const config = join(t.testdir({ 'relay.yaml': yaml }), 'relay.yaml')
  return { server, setup: (...args: string[]) => run(['elasticsearch', 'setup', '--config', config, ...args]) }
}

test('it says what it did', async (t) => {
  const { server, setup } = await fixture(t)
  const { status, out, err } = await setup('--retention', '30D', '--rollover-size', '20GB')
  t.same({ status, err }, { status: 0, err: '' })
  t.match(out, /^siem: Elasticsearch 8\.15\.0 at http:/)
  t.match(out, /^ {2}installed lifecycle policy .*: begins a new index after 1d or 20gb a shard, deletes an index 30d later$/m)
  t.equal(server.installed.size, 3)
})

test('--dry-run says what it would do, and --print the requests themselves', async (t) => {
  const { server, setup } = await fixture(t)
  const dry = await setup('--dry-run')
  t.match(dry.out, /^ {2}would install index template .* 1 shard, 1 replica$/m)
  t.notMatch(dry.out, /^ {2}installed/m)
  const { out } = await setup('--print')
  t.match(out, /^# siem: Elasticsearch/)
  const bodies = [...out.matchAll(/^PUT (\/\S+)\n(\{[\s\S]*?\n\})$/gm)]
  t.equal(bodies.length, 3)
  for (const [, , body] of bodies) t.doesNotThrow(() => JSON.parse(body as string))
  t.equal(server.installed.size, 0)
})

test('--retention off is as without it', async (t) => {
  const { server, setup } = await fixture(t)
  await setup('--retention', 'off')
  t.notMatch(JSON.stringify([...server.installed.values()]), /"delete"/)
})

test('wrong usage', async (t) => {
  const { server, setup } = await fixture(t)
  const cases: [args: string[], message: RegExp][] = [
    [['--retention', '30'], /--retention must be a time such as 30d/],
    [['--retention', '0d'], /--retention must/],
    [['--retention', '6M'], /--retention must/],
    [['--rollover-age', 'off'], /--rollover-age must/],
    [['--rollover-size', '50'], /--rollover-size must be a size such as 50gb/],
    [['--shards', '0'], /--shards must/],
    [['--replicas', '-1'], /--replicas must/],
    [['--replicas', 'x'], /--replicas must/],
    [['--sink', 'other'], /no sink "other".*\n.*there is siem/],
  ]
  for (const [args, message] of cases) {
    const { status, out, err } = await setup(...args)
    t.same({ status, out }, { status: 2, out: '' }, args.join(' '))
    t.match(err, message)
  }
  t.equal(server.requests.length, 0)
  const bare = await run(['elasticsearch'])
  t.equal(bare.status, 2)
  t.match(bare.err, /logrelay elasticsearch setup/)
})

test('a failure has its code', async (t) => {
  const { server, setup } = await fixture(t)
  server.give('/', { status: 401, body: '' })
  const { status, err } = await setup()
  t.equal(status, 1)
  t.match(err, /ENDPOINT_AUTH/)
})
