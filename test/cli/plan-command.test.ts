import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SizingPlan } from '../../src/planning/sizing.ts'
import type { Measurement } from '../../src/planning/sizing-measurement.ts'
import { run } from './fake-terminal.ts'

const measurement: Measurement = {
  version: '1.2.3',
  measuredAt: '2026-11-03T10:00:00.000Z',
  machine: { processors: 8, processorModel: 'Processor', memoryBytes: 2 ** 34, system: 'Linux 6.1' },
  directory: '/srv',
  seconds: 8,
  messageBytes: 300,
  messages: 8_000_000,
  messagesPerSecond: 1_000_000,
  cpuMicrosecondsPerMessage: 1,
  storedBytesPerReceivedByte: 0.25,
  peakMemoryBytes: 2 ** 28,
  fsync: { bytes: 2 ** 18, perSecond: 1000, medianMs: 0.5, p99Ms: 2 },
}

const relayYaml = `
min_free_disk: 1GiB
sinks: { siem: { type: syslog, endpoints: ["tcp://siem.example.com"] } }
pipelines:
  nginx: { source: { type: syslog, device: nginx }, queue: { max_size: 20GiB }, sinks: [siem] }
  asa: { source: { type: syslog, device: cisco-asa, transports: [tcp] }, queue: { max_size: 4GiB }, sinks: [siem] }
  fortigate: { source: { type: syslog, device: fortinet, receive_buffer: 1MiB }, sinks: [siem] }
`

function files(t: Test): { config: string; measured: string; wrong: string } {
  const { version: _, ...wrong } = measurement
  const dir = t.testdir({
    'relay.yaml': relayYaml,
    'node.json': JSON.stringify(measurement),
    'wrong.json': JSON.stringify(wrong),
    'bad.yaml': 'zebra: 1',
  })
  return { config: join(dir, 'relay.yaml'), measured: join(dir, 'node.json'), wrong: join(dir, 'wrong.json') }
}

async function planned(...args: string[]): Promise<SizingPlan & { measuredOn: string | null; configFile: string | null }> {
  return JSON.parse((await run(['plan', ...args, '--json'])).out)
}

t.test('without a configuration: what to buy and what to configure', async (t) => {
  const { config, measured } = files(t)
  t.ok(config)
  const { status, out, err } = await run(['plan', '--rate', '600000', '--measured', measured])
  t.same([status, err], [0, ''])
  t.match(out, /^A node does 1,000,000 messages\/s of 300 B \(8 × Processor, 2026-11-03T10:00:00.000Z\)\./)
  t.match(out, /In everyday work 50 % of that stays free. On disk a byte takes 0.25./)
  t.match(out, /Promised: one node may be away; an upstream outage of 4 h is ridden out\.\nNo configuration/)
  // ⌈600,000 / 500,000⌉ + 1; 300,000 × 300 × 0.25 × 14,400 s = 301.8 GiB, a third more, and 256 MiB
  t.match(out, /\ndefault +3 +1 +600,000 +200,000 +300,000 +30 % +720 +720 +402.9 GiB +8,640,000,000 +102.9 min\n/)
  t.match(out, /\nall +default +600,000 +302 GiB +302 GiB +4 h +33 MiB +33 MiB\n/)
  t.match(out, /sysctl -w net.core.rmem_max=34603008 /)
  t.match(out, /\nThe plan keeps its promises\.\n$/)
})

t.test('without a measurement it says so first', async (t) => {
  const { out } = await run(['plan', '--rate', '1000'])
  t.match(out, /^NOT MEASURED: a node is ASSUMED to do 100,000 messages\/s of 300 B\. Run logrelay bench-self --out FILE/)
  t.match(await planned('--rate', '1000', '--size', '1KiB'), {
    measuredOn: null,
    configFile: null,
    terms: { nodeMessagesPerSecond: (100_000 * 300) / 1024, storedBytesPerReceivedByte: 0.33 },
  })
})

t.test('limits and buffers of a configuration are judged; exit status 1 when a promise is not kept', async (t) => {
  const { config, measured } = files(t)
  const args = ['--config', config, '--measured', measured, '--rate', 'nginx=20000', '--rate', '8000', '--failures', 'zone']
  const { status, out } = await run(['plan', ...args])
  t.equal(status, 1)
  t.match(out, /Limits and buffers are those of .*relay\.yaml/)
  t.match(out, /Promised: one of 3 zones may be away/)
  // Two of three nodes are left: 10,000 × 300 × 0.25 × 14,400 s = 10.06 GiB of nginx, 2,000 × … = 2.01 GiB of each other.
  t.match(out, /\nnginx +default +20,000 +20 GiB +11 GiB +8 h +8 MiB +2 MiB\n/)
  t.match(out, /\nasa +default +4,000 +4 GiB +3 GiB +8 h +- +-\n/)
  t.match(out, /\nfortigate +default +4,000 +1 GiB +3 GiB +119.3 min +1 MiB +1 MiB\n/)
  t.match(out, /The plan does NOT keep its promises:\n- pipeline fortigate: max_size covers 119.3 min of the 4 h; it needs 3 GiB\n$/)
  const disk = (25 * 2 ** 30 * 4) / 3 + 2 ** 30
  const plan = await planned(...args)
  t.match(plan, { kept: false, configFile: config, measuredOn: /Processor/, rmemMaxBytes: 8 * 2 ** 20 })
  t.ok(Math.abs((plan.pools[0]?.diskBytesPerNode ?? 0) - disk) < 3)
  t.equal((await run(['plan', ...args, '--outage', '1h'])).status, 0, 'a shorter outage is covered')
})

t.test('pools', async (t) => {
  const { config } = files(t)
  const args = ['--rate', '30000', '--config', config, '--pool', 'nginx', '--pool', 'firewalls=asa,fortigate', '--nodes', '2']
  const { pools } = await planned(...args, '--nodes', 'nginx=3')
  t.same(
    pools.map(({ name, nodes, pipelines }) => [name, nodes, ...pipelines.map((one) => one.name)]),
    [
      ['nginx', 3, 'nginx'],
      ['firewalls', 2, 'asa', 'fortigate'],
    ],
  )
  const rest = await planned('--rate', '30000', '--config', config, '--pool', 'asa')
  t.same(
    rest.pools.map(({ name, messagesPerSecond }) => [name, messagesPerSecond]),
    [
      ['asa', 10_000],
      ['default', 20_000],
    ],
  )
  const free = await planned('--rate', 'web=1000', '--rate', '500', '--pool', 'web')
  t.same(
    free.pools.map(({ name, pipelines }) => [name, ...pipelines.map((one) => one.name)]),
    [
      ['web', 'web'],
      ['default', 'others'],
    ],
  )
})

t.test('nodes, drain and upstream that do not suffice are named', async (t) => {
  const { measured } = files(t)
  const args = ['plan', '--rate', '1200000', '--measured', measured]
  const few = await run([...args, '--nodes', '2'])
  t.equal(few.status, 1)
  t.match(few.out, /- pool default: each survivor of 2 nodes carries 120 % of what it can, more than 50 %; it needs 4 nodes\n/)
  t.match(few.out, /- pool default: the backlog never drains/)
  const slow = await run([...args, '--drain-within', '1h', '--upstream-rate', '2000000'])
  t.match(slow.out, /- pool default: the backlog drains in 6 h, not 60 min; the upstream takes too little\n/)
  t.match((await run([...args, '--nodes', '4', '--drain-within', '1h'])).out, /drains in 2\.7 h, not 60 min; it needs 7 nodes\n/)
})

t.test('the table shows what the JSON says', async (t) => {
  const { config } = files(t)
  const args = ['--rate', '30000', '--config', config, '--pool', 'nginx']
  const { out } = await run(['plan', ...args])
  const { pools } = await planned(...args)
  for (const { name, nodes, messagesPerSecond, pipelines } of pools) {
    t.match(out, new RegExp(`\n${name} +${nodes} +.* ${messagesPerSecond.toLocaleString('en-US')} `))
    for (const pipeline of pipelines)
      t.match(out, new RegExp(`\n${pipeline.name} +${name} +${pipeline.messagesPerSecond.toLocaleString('en-US')} `))
  }
})

t.test('wrong usage is said, with exit status 2', async (t) => {
  const { config, wrong } = files(t)
  const rate = ['--rate', '1000']
  const cases: [args: string[], message: RegExp][] = [
    [[], /Missing required argument: rate/],
    [['--rate', '0'], /--rate 0: must be messages per second/],
    [['--rate', 'a=x'], /--rate a=x: must be messages per second/],
    [['--rate', '=5'], /a name is missing before "="/],
    [['--rate', 'a=1', '--rate', 'a=2'], /there is one for a already/],
    [['--rate', '1', '--rate', '2'], /there is one for all others already/],
    [['--rate', 'ngnix=1', '--config', config], /there is no pipeline ngnix\n {2}nginx may be what you meant/],
    [['--rate', 'nginx=1', '--config', config], /--rate: none for the pipeline asa\n {2}--rate asa=N/],
    [[...rate, '--size', '1', '--size', '2'], /--size is given more than once/],
    [[...rate, '--size', '10XB'], /--size 10XB: must be a size/],
    [[...rate, '--outage', '4'], /--outage 4: must be a duration/],
    [[...rate, '--headroom', '1'], /--headroom 1: must be a number from 0 to 0.95/],
    [[...rate, '--compression', '0'], /--compression 0: must be/],
    [[...rate, '--failures', 'one'], /--failures one: must be a number of nodes, or "zone"/],
    [[...rate, '--failures', 'zone', '--zones', '1'], /--zones 1: must be a whole number from 2/],
    [[...rate, '--nodes', '1'], /none of the 1 of pool default is left.*\n {2}--failures 0/],
    [[...rate, '--nodes', 'x=2'], /there is no pool x\n {2}there is default/],
    [[...rate, '--pool', 'a='], /--pool a=: must be NAME=PIPELINE/],
    [[...rate, '--pool', 'a', '--pool', 'b=a'], /the pipeline a is in a pool already/],
    [[...rate, '--pool', 'a', '--pool', 'a=b'], /there is a pool a already/],
    [[...rate, '--measured', '/does/not/exist'], /--measured .* cannot be read: ENOENT.*\n {2}logrelay bench-self --out/],
    [[...rate, '--measured', wrong], /--measured .* is not a measurement: .*version/],
    [[...rate, '--config', join(config, '..', 'bad.yaml')], /CONFIG_INVALID/],
  ]
  for (const [args, message] of cases) {
    const { status, out, err } = await run(['plan', ...args])
    t.same([status, out], [2, ''], args.join(' '))
    t.match(err, message)
  }
})
