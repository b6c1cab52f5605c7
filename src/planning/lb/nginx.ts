import { formatHostPort } from '../../config/formats.ts'
import type { BalancedPipeline, Balancer } from './balancer.ts'
import { comment } from './comment.ts'
import { addresses, clientNote, headNotes, readyzNote, title } from './notes.ts'
import { type LbResult, succeeded } from './result.ts'

/** A whole nginx.conf for NGINX 1.18 or later with its stream module. */
export function nginxConfig(balancer: Balancer): LbResult<string> {
  const blocks = [comment(shared(balancer), '  '), settings, ...balancer.pipelines.map((pipeline) => servers(balancer, pipeline))]
  return succeeded(`${head(balancer)}\n\n${main}\n\nstream {\n${blocks.join('\n\n')}\n}\n`)
}

function head(balancer: Balancer): string {
  return comment([
    'NGINX with its stream module, as /etc/nginx/nginx.conf.',
    'Debian and Ubuntu have the module in the package libnginx-mod-stream, which puts a load_module line into modules-enabled; elsewhere it is built in, or `load_module modules/ngx_stream_module.so;` goes here.',
    ...headNotes(balancer, 'nginx'),
  ])
}

const main = `\
include /etc/nginx/modules-enabled/*.conf;
user www-data;
worker_processes auto;
worker_rlimit_nofile 65536;
error_log stderr warn;

events {
  # A TCP connection takes two, and a flow of datagrams takes two.
  worker_connections 16384;
}`

function shared(balancer: Balancer): string[] {
  const notes = [
    'This NGINX has no active health checks: it looks at what happens to the messages. A TCP connection that is refused goes to the next relay at once, and the relay that refused it is left out for fail_timeout; so a full one is avoided.',
    readyzNote(balancer),
    'Connections that are open stay with their relay: a full one only pauses them and reads on as soon as it has room, a draining one closes them between two messages.',
  ]
  if (balancer.pipelines.some((pipeline) => pipeline.udp)) {
    notes.push(
      'UDP: a relay whose process is gone is left out when its machine answers with ICMP port unreachable. A machine that is gone answers nothing, and a full relay keeps its UDP socket open and counts what it cannot take: NGINX notices neither. It does avoid a relay for both when TCP was refused by it in the last 10 s. A balancer that checks the TCP port for UDP too does better: a network load balancer, or keepalived (LVS).',
      "The client's address in UDP without a PROXY header: `proxy_bind $remote_addr transparent;` sends with the client's own address. It needs a master process of root, and a relay whose way back to the clients leads through this machine.",
    )
  }
  return notes
}

const settings = `\
  proxy_connect_timeout 3s;
  # Connections of syslog are long, and silent for as long as nothing happens.
  proxy_timeout 1h;
  proxy_socket_keepalive on;`

function servers(balancer: Balancer, pipeline: BalancedPipeline): string {
  const upstream = upstreamName(balancer, pipeline)
  return [
    comment([`${title(pipeline)}.`, clientNote(pipeline)], '  '),
    `  upstream ${upstream} {`,
    `    zone ${upstream} 128k;`,
    '    least_conn;',
    ...addresses(pipeline).map(({ address }) => `    server ${address} max_fails=1 fail_timeout=10s;`),
    '  }',
    ...(pipeline.tcp ? tcpServer(balancer, pipeline, upstream) : []),
    ...(pipeline.udp ? udpServer(balancer, pipeline, upstream) : []),
  ].join('\n')
}

function tcpServer(balancer: Balancer, { port, proxyProtocol }: BalancedPipeline, upstream: string): string[] {
  return [
    '  server {',
    ...listens(balancer, port).map((listen) => `    listen ${listen} so_keepalive=60s:10s:3;`),
    `    proxy_pass ${upstream};`,
    // NGINX before 1.31.4 knows version 1 alone, and the relay takes both.
    ...(proxyProtocol === 'off' ? [] : ['    proxy_protocol on;']),
    '  }',
  ]
}

/**
 * NGINX forgets a flow that expects no answers (`proxy_responses 0`) before an ICMP error can reach it: a relay that is gone would get
 * its share of the datagrams for ever. So a flow lives a little longer than its last datagram. A flow has one PROXY header, in front of its
 * first datagram's text in the same datagram: with the header every datagram is a flow of its own.
 */
function udpServer(balancer: Balancer, { port, proxyProtocol }: BalancedPipeline, upstream: string): string[] {
  const plain = [
    comment('After 1000 datagrams a relay is chosen anew.', '    '),
    '    proxy_requests 1000;',
    '    proxy_timeout 10s;',
    comment('Room for the longest datagram: with less, the second and later ones of a flow are cut.', '    '),
    '    proxy_buffer_size 64k;',
  ]
  const headed = [
    comment(
      'One flow a datagram, so that each carries the header. The flow stays for 100 ms, in which an ICMP error finds it. Datagrams longer than 65,400 bytes have no room for the header and are lost.',
      '    ',
    ),
    '    proxy_requests 1;',
    '    proxy_timeout 100ms;',
    '    proxy_buffer_size 1k;',
    '    proxy_protocol on;',
  ]
  return [
    '  server {',
    ...listens(balancer, port).map((listen) => `    listen ${listen} udp reuseport;`),
    `    proxy_pass ${upstream};`,
    ...(proxyProtocol === 'off' ? plain : headed),
    '  }',
  ]
}

/** NGINX compares names of upstreams without regard to case; port and protocols make them unique all the same. */
function upstreamName({ name }: Balancer, { name: pipeline, port, tcp, udp }: BalancedPipeline): string {
  return [name, pipeline, port, ...(tcp ? ['tcp'] : []), ...(udp ? ['udp'] : [])].join('-')
}

function listens({ listen }: Balancer, port: number): string[] {
  return listen === undefined ? [String(port), `[::]:${port}`] : [formatHostPort({ host: listen.text, port })]
}
