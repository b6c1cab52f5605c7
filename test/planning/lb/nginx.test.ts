import t from 'tap'
import { nginxConfig } from '../../../src/planning/lb/nginx.ts'
import { must, planned, variety } from './example-balancer.ts'

/** The blocks inside `stream` as lists of directives, comments left out. */
function blocks(text: string): { name: string; directives: string[] }[] {
  const stream = text.slice(text.indexOf('stream {')).replace(/^ *#.*\n/gm, '')
  return [...stream.matchAll(/^ {2}(\S[^{\n]*) \{\n([^}]*)\}/gm)].map(([, name = '', body = '']) => ({
    name,
    directives: body
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  }))
}

t.test('an upstream a pipeline, and a server for each of TCP and UDP', async (t) => {
  const found = blocks(must(nginxConfig(planned(variety))))
  const [upstream, tcp, udp] = found
  t.same(upstream, {
    name: 'upstream logrelay-nginx-10435-tcp-udp',
    directives: [
      'zone logrelay-nginx-10435-tcp-udp 128k;',
      'least_conn;',
      'server 10.0.0.1:10435 max_fails=1 fail_timeout=10s;',
      'server 10.0.0.2:10435 max_fails=1 fail_timeout=10s;',
    ],
  })
  t.same(tcp?.directives, [
    'listen 10435 so_keepalive=60s:10s:3;',
    'listen [::]:10435 so_keepalive=60s:10s:3;',
    'proxy_pass logrelay-nginx-10435-tcp-udp;',
    'proxy_protocol on;',
  ])
  t.same(udp?.directives, [
    'listen 10435 udp reuseport;',
    'listen [::]:10435 udp reuseport;',
    'proxy_pass logrelay-nginx-10435-tcp-udp;',
    'proxy_requests 1;',
    'proxy_timeout 100ms;',
    'proxy_buffer_size 1k;',
    'proxy_protocol on;',
  ])
  t.same(
    found.map(({ name }) => name),
    [
      ...['upstream logrelay-nginx-10435-tcp-udp', 'server', 'server'],
      ...['upstream logrelay-Cisco_a.s-a-10410-tcp', 'server'],
      ...['upstream logrelay-ios-10411-udp', 'server'],
      ...['upstream logrelay-relp-12514-tcp', 'server'],
    ],
  )
})

t.test('datagrams without a header share flows, which have room for the longest', async (t) => {
  const server = blocks(must(nginxConfig(planned(variety))))[6]
  t.match(server?.directives, [
    ...[/^listen 10411 udp/, /^listen \[::\]:10411 udp/, /^proxy_pass/],
    ...['proxy_requests 1000;', 'proxy_timeout 10s;', 'proxy_buffer_size 64k;'],
  ])
})

t.test('IPv6 nodes are in brackets; the balancer listens where it is told', async (t) => {
  const found = blocks(must(nginxConfig(planned({ ...variety, listen: '2001:db8::9' }))))
  t.ok(found[7]?.directives.includes('server [2001:db8::1]:12514 max_fails=1 fail_timeout=10s;'))
  t.match(found[8]?.directives, ['listen [2001:db8::9]:12514 so_keepalive=60s:10s:3;', /^proxy_pass/, 'proxy_protocol on;'])
})

t.test('names of upstreams differ in more than case', async (t) => {
  const pipelines = { Web: { port: 514, transports: ['udp' as const] }, web: { port: 514, transports: ['tcp' as const] } }
  const names = blocks(must(nginxConfig(planned({ pipelines })))).flatMap(({ name }) => (name.startsWith('upstream') ? [name] : []))
  t.equal(new Set(names.map((name) => name.toLowerCase())).size, 2)
})

t.test('comments: the module, the checks, and UDP where there is any', async (t) => {
  const text = must(nginxConfig(planned(variety))).replace(/\n *# /g, ' ')
  t.match(text, /libnginx-mod-stream/)
  t.match(text, /no active health checks/)
  t.match(text, /ICMP port unreachable/)
  t.match(text, /proxy_bind \$remote_addr transparent/)
  t.notMatch(must(nginxConfig(planned({ pipelines: { nginx: { transports: ['tcp'] } } }))), /ICMP|transparent/)
})
