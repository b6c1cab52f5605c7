import { join } from 'node:path'
import t from 'tap'
import { run } from './fake-terminal.ts'

const yaml = `
sinks: { f: { type: file } }
pipelines:
  nginx: { source: { type: syslog, device: nginx }, sinks: [f] }
  asa: { source: { type: syslog, device: cisco-asa, transports: [tcp] }, sinks: [f] }
`

t.test('standard output is the configuration and nothing else', async (t) => {
  const config = join(t.testdir({ 'relay.yaml': yaml }), 'relay.yaml')
  const expected: [target: string, text: RegExp][] = [
    ['haproxy', /^# HAProxy.*^listen logrelay-nginx$.*server relay-1 relay-1:10435.*^listen logrelay-asa$.*server relay-3 relay-3:10410/ms],
    ['nginx', /^# NGINX.*^stream \{$.*server relay-1:10435 .*listen 10435 udp.*server relay-3:10410 /ms],
    ['terraform', /^# A Network Load Balancer.*^resource "aws_lb" "relay" \{$/ms],
    ['cloudformation', /^# A Network Load Balancer.*^AWSTemplateFormatVersion: "2010-09-09"$/ms],
  ]
  for (const [target, text] of expected) {
    const args = ['lb', '--for', target, '--pool', 'nginx=relay-1,relay-2', '--pool', 'default=relay-3', '--config', config]
    const { status, out, err } = await run(args)
    t.same({ status, err }, { status: 0, err: '' }, target)
    t.match(out, text)
    t.ok(out.endsWith('\n') && !out.endsWith('\n\n'))
  }
})

t.test('--name and --listen', async (t) => {
  const config = join(t.testdir({ 'relay.yaml': yaml }), 'relay.yaml')
  const args = ['--pool', 'default=relay-3', '--name', 'logs', '--listen', '[2001:db8::1]', '--config', config]
  t.match((await run(['lb', '--for', 'haproxy', ...args])).out, /^listen logs-nginx\n {2}bind \[2001:db8::1\]:10435\n/m)
})

t.test('wrong usage', async (t) => {
  const config = join(t.testdir({ 'relay.yaml': yaml }), 'relay.yaml')
  const haproxy = ['--for', 'haproxy']
  const all = ['--pool', 'default=a']
  const cases: [args: string[], message: RegExp][] = [
    [[], /Missing required arguments: for, pool/],
    [['--for', 'f5', ...all], /Invalid values.*for.*"f5"/s],
    [[...haproxy, ...haproxy, ...all], /--for is given twice/],
    [[...haproxy, '--pool', 'ngnix=a', ...all], /^logrelay: --pool "ngnix": there is no such pipeline\n {2}write "nginx"\n$/],
    [[...haproxy, '--pool', 'nginx=a'], /no --pool for asa\n/],
    [
      [...haproxy, '--pool', 'nginx=a', '--pool', 'asa=a b,c:1'],
      /2 problems\n {2}--pool "asa": "a b" is not a host\n {4}write .*\n {2}.*leave the port/s,
    ],
    [[...haproxy, ...all, '--name', 'x y'], /--name "x y" must be/],
    [[...haproxy, ...all, '--listen', 'here'], /--listen must be an IPv4 or IPv6 address/],
    [['--for', 'terraform', ...all, '--listen', '10.0.0.1'], /--listen belongs to haproxy and nginx/],
    [['--for', 'terraform', '--pool', 'default=10.0.0.1,::2'], /mixes IPv4 and IPv6/],
    [[...haproxy, ...all, '--config', config], /--config is given twice/],
  ]
  for (const [args, message] of cases) {
    const { status, out, err } = await run(['lb', ...args, '--config', config])
    t.same({ status, out }, { status: 2, out: '' }, args.join(' '))
    t.match(err, message)
  }
})

t.test('a configuration that is wrong is said as ever', async (t) => {
  const config = join(t.testdir({ 'bad.yaml': 'zebra: 1\n' }), 'bad.yaml')
  const { status, err } = await run(['lb', '--for', 'haproxy', '--pool', 'default=a', '--config', config])
  t.equal(status, 2)
  t.match(err, /CONFIG_INVALID/)
})
