import t from 'tap'
import { haproxyConfig } from '../../../src/planning/lb/haproxy.ts'
import { must, planned, problemsOf, variety } from './example-balancer.ts'

/** Sections by their first line, comments left out. */
function sections(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  let current: string[] = []
  for (const line of text.split('\n').filter((line) => line !== '' && !/^\s*#/.test(line))) {
    if (line.startsWith(' ')) current.push(line.trim())
    else found[line] = current = []
  }
  return found
}

t.test('one listener a pipeline, checked on the port it serves', async (t) => {
  const text = must(haproxyConfig(planned(variety)))
  const { global, defaults, ...listeners } = sections(text)
  t.ok(global?.includes('user haproxy'))
  t.ok(defaults?.includes('mode tcp'))
  t.ok(defaults?.includes('default-server check inter 3s fastinter 1s fall 3 rise 2 init-addr last,libc,none'))
  t.same(listeners, {
    'listen logrelay-nginx': [
      'bind *:10435',
      'bind [::]:10435 v6only',
      'maxconn 40000',
      'server 10.0.0.1 10.0.0.1:10435 check port 10435 maxconn 20000 send-proxy-v2',
      'server 10.0.0.2 10.0.0.2:10435 check port 10435 maxconn 20000 send-proxy-v2',
    ],
    'listen logrelay-Cisco_a.s-a': [
      'bind *:10410',
      'bind [::]:10410 v6only',
      'maxconn 1000',
      'server relay-3 relay-3:10410 check port 10410 maxconn 500',
      'server relay-4 relay-4:10410 check port 10410 maxconn 500',
    ],
    'listen logrelay-relp': [
      'bind *:12514',
      'bind [::]:12514 v6only',
      'maxconn 40000',
      'server 2001:db8::1 [2001:db8::1]:12514 check port 12514 maxconn 20000 send-proxy-v2',
      'server 2001:db8::2 [2001:db8::2]:12514 check port 12514 maxconn 20000 send-proxy-v2',
    ],
  })
})

t.test('comments say what is not here, and where the client stays unknown', async (t) => {
  const text = must(haproxyConfig(planned(variety))).replace(/\n *# /g, ' ')
  t.match(text, /UDP is not here: .* 10435 \(nginx\), 10411 \(ios\)\./)
  t.match(text, /Pipeline Cisco_a\.s-a: port 10410, TCP\. proxy_protocol is off: .* Set proxy_protocol and trusted_proxies/)
  t.match(text, /Pipeline relp: port 12514, TCP\. The client's address is in a PROXY header/)
  t.match(text, /GET \/readyz\?pipeline=NAME on port 9441/)
  t.match(must(haproxyConfig(planned())).replace(/\n *# /g, ' '), /With health\.listen in the relay's configuration, GET \/readyz/)
})

t.test('warnings are comments', async (t) => {
  const text = must(haproxyConfig(planned({ pipelines: { nginx: { host: '127.0.0.1' } } })))
  t.match(text, /^# Warning: nginx: the relay listens on loopback alone/m)
})

t.test('listens where it is told', async (t) => {
  const of = (listen: string) => sections(must(haproxyConfig(planned({ listen }))))['listen logrelay-nginx']
  t.match(of('192.0.2.1'), ['bind 192.0.2.1:10435', /^maxconn/])
  t.match(of('2001:db8::9'), ['bind [2001:db8::9]:10435', /^maxconn/])
})

t.test('UDP alone is nothing for HAProxy', async (t) => {
  const problems = problemsOf(haproxyConfig(planned({ pipelines: { nginx: { transports: ['udp'] } } })))
  t.match(problems, [{ message: /no pipeline takes TCP/, hint: /--for nginx/ }])
})
