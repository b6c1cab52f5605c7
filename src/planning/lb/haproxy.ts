import { formatHostPort } from '../../config/formats.ts'
import type { BalancedPipeline, Balancer } from './balancer.ts'
import { comment } from './comment.ts'
import { addresses, clientNote, headNotes, ports, readyzNote, title } from './notes.ts'
import { failed, type LbResult, succeeded } from './result.ts'

/** A whole configuration file for HAProxy 2.6 or later. */
export function haproxyConfig(balancer: Balancer): LbResult<string> {
  const tcp = balancer.pipelines.filter((pipeline) => pipeline.tcp)
  if (tcp.length === 0) {
    return failed({ message: 'no pipeline takes TCP or TLS, and HAProxy balances nothing else', hint: 'choose --for nginx for UDP' })
  }
  const sections = [head(balancer), globalSection, defaults(balancer), ...tcp.map((pipeline) => listener(balancer, pipeline))]
  return succeeded(`${sections.join('\n\n')}\n`)
}

function head(balancer: Balancer): string {
  const udp = balancer.pipelines.filter((pipeline) => pipeline.udp)
  const notes = ['HAProxy 2.6 or later, as /etc/haproxy/haproxy.cfg.', ...headNotes(balancer, 'haproxy')]
  if (udp.length > 0) {
    notes.push(
      `UDP is not here: HAProxy does not balance datagrams. These ports need NGINX (\`logrelay lb --for nginx\`), a network load balancer or keepalived (LVS) with a TCP check on the same port: ${ports(udp)}.`,
    )
  }
  return comment(notes)
}

const globalSection = `\
global
  # Servers that go down and come up, no line for each connection.
  log /dev/log local0 notice
  user haproxy
  group haproxy
${comment('No maxconn: HAProxy takes as many connections as the limit of open files allows, two files each (LimitNOFILE of its unit).', '  ')}`

// A check that is refused is answered at once; one that gets no answer takes its whole timeout. Down after
// 3 + 2 + 1 + 2 + 1 + 2 = 11 s in the worst case, 5 s where the port is refused.
function defaults(balancer: Balancer): string {
  const indented = (text: string) => comment(text, '  ')
  return `\
defaults
  mode tcp
  log global
  option dontlog-normal
  balance leastconn
  timeout connect 3s
  timeout check 2s
  timeout queue 5s
${indented('Connections of syslog are long, and silent for as long as nothing happens.')}
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
${indented('Finds out on both sides who is gone without a word.')}
  option clitcpka
  option srvtcpka
  clitcpka-idle 60s
  clitcpka-intvl 10s
  clitcpka-cnt 3
  srvtcpka-idle 60s
  srvtcpka-intvl 10s
  srvtcpka-cnt 3
${indented('A relay that has just filled up refuses: the next one is tried, and the sender notices nothing.')}
  retries 3
  option redispatch 1
${indented('The check is a connect to the port, without a byte and without a PROXY header. A full relay is down within some 5 s, a dead machine within some 10 s.')}
${indented(readyzNote(balancer))}
${indented('A relay that is down keeps its open connections (no "on-marked-down shutdown-sessions"): a full one only pauses them and reads on as soon as it has room. To shut them would make senders move at once, and lose what is in the buffers between, which plain TCP never sends again. A relay that drains closes its connections itself, between two messages. A machine that vanished is found by keepalive, or by TCP itself where something was on the way.')}
${indented('A name that cannot be resolved at the start leaves its server out; names are looked up at a start and a reload.')}
  default-server check inter 3s fastinter 1s fall 3 rise 2 init-addr last,libc,none`
}

function listener(balancer: Balancer, pipeline: BalancedPipeline): string {
  const { name, port, maxConnections, pool } = pipeline
  const proxy = pipeline.proxyProtocol === 'off' ? '' : ' send-proxy-v2'
  return [
    comment([`${title(pipeline)}.`, clientNote(pipeline)]),
    `listen ${balancer.name}-${name}`,
    ...binds(balancer, port).map((bind) => `  bind ${bind}`),
    `  maxconn ${maxConnections * pool.hosts.length}`,
    // With "port" the check carries no PROXY header, so it stays without a byte.
    ...addresses(pipeline).map(
      (server) => `  server ${server.name} ${server.address} check port ${port} maxconn ${maxConnections}${proxy}`,
    ),
  ].join('\n')
}

/** Two sockets, so that clients of IPv4 have IPv4 addresses in the PROXY header. */
function binds({ listen }: Balancer, port: number): string[] {
  return listen === undefined ? [`*:${port}`, `[::]:${port} v6only`] : [formatHostPort({ host: listen.text, port })]
}
