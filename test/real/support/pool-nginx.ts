import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { freePort } from './free-port.ts'
import type { PoolNode, PoolPorts } from './pool-relay-config.ts'
import { Program, runProgram } from './program.ts'
import type { Room } from './room.ts'
import { untilOpen } from './until-open.ts'

/** The ports of a real NGINX stream in front of all nodes, on 127.0.0.1. */
export interface NginxPorts {
  /** TCP with a PROXY header of version 1, the only one that NGINX writes, and UDP with one in each datagram. */
  readonly proxied: number
  /** UDP that leaves NGINX with the client's address as its source (proxy_bind). Loopback has all addresses, so no privilege is needed. */
  readonly bound: number
}

export async function startPoolNginx(room: Room, ports: PoolPorts, nodes: readonly PoolNode[]): Promise<NginxPorts> {
  const own: NginxPorts = { proxied: await freePort(), bound: await freePort() }
  const prefix = room.path('nginx')
  await mkdir(prefix)
  const servers = nodes.map(({ address }) => `server ${address}:${ports.nginx};`).join(' ')
  await writeFile(`${prefix}/nginx.conf`, configuration(await streamModule(), own, servers))
  const nginx = await Program.start(room, 'nginx', ['-p', prefix, '-c', `${prefix}/nginx.conf`, '-g', 'daemon off;'])
  await untilOpen(nginx, own.proxied)
  return own
}

/** The line that loads the stream module, where it is not a part of the program: Debian packages it apart. */
async function streamModule(): Promise<string> {
  const { stderr } = await runProgram('nginx', ['-V'])
  const directory = /--modules-path=(\S+)/.exec(stderr.toString())?.[1] ?? '/usr/lib/nginx/modules'
  const file = `${directory}/ngx_stream_module.so`
  return existsSync(file) ? `load_module ${file};` : ''
}

/** One datagram is one session (proxy_requests 1), so that each has its header, and no answer is waited for. */
function configuration(loadModule: string, own: NginxPorts, servers: string): string {
  return `
${loadModule}
user ${userInfo().username};
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {}
stream {
  upstream relays { ${servers} }
  server { listen 127.0.0.1:${own.proxied}; proxy_pass relays; proxy_protocol on; }
  server { listen 127.0.0.1:${own.proxied} udp; proxy_pass relays; proxy_protocol on; proxy_requests 1; proxy_responses 0; }
  server { listen 127.0.0.1:${own.bound} udp; proxy_pass relays; proxy_bind $remote_addr; proxy_requests 1; proxy_responses 0; }
}
`
}
